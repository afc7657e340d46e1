import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';

import { withOption } from './errors.js';
import type { Binding } from './native.js';
import { optionError } from './options.js';

/** Where a pool's bytes go, until its supervisor has its own copy of the descriptor. */
export interface OpenOutput {
  descriptor: number;
  /** The other end, of a pipe. */
  readable: Readable | null;
  /** Closes what was opened here. */
  release(): void;
}

const stdout = 1;

/** Non-blocking: a FIFO without a reader is an error (ENXIO), and not a wait that nothing ends. */
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

function wanted(output: number | 'inherit'): string {
  return output === 'inherit' ? 'something else while stdout is not open for writing' : 'open for writing';
}

/** Opens what the option `output` names. Throws a system error or `ERR_PROCPOOL_OPTION`. */
export function openOutput(binding: Binding, output: string | number): OpenOutput {
  if (output === 'pipe') {
    const [readEnd, writeEnd] = binding.pipe();
    const readable = new Socket({ fd: readEnd, readable: true, writable: false });
    return {
      descriptor: writeEnd,
      readable,
      release: () => {
        binding.close(writeEnd);
      },
    };
  }
  if (typeof output === 'number' || output === 'inherit') {
    const descriptor = output === 'inherit' ? stdout : output;
    if (!binding.isWritable(descriptor)) throw optionError('output', output, wanted(output));
    return { descriptor, readable: null, release: () => undefined };
  }
  try {
    const descriptor = openSync(output, flags, 0o666);
    return {
      descriptor,
      readable: null,
      release: () => {
        closeSync(descriptor);
      },
    };
  } catch (error) {
    throw withOption(error, 'output', output);
  }
}
