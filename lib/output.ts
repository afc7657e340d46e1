import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';

import { ProcpoolError, withOption } from './errors.js';
import type { Binding } from './native.js';

/** Where a pool's bytes go. The descriptor is needed until the supervisor has a copy of it. */
export interface OpenOutput {
  descriptor: number;
  /** The read end, of a pipe. */
  readable: Readable | null;
  /** The path of a plain file that was opened here, and can be reopened. */
  path: string | undefined;
  /** Closes what was opened here. */
  release(): void;
}

const stdout = 1;

/** Non-blocking: a FIFO without a reader is an error (ENXIO) instead of an endless wait. */
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/** Why a descriptor cannot be the output; undefined if it can. */
function unsuitableOutput(binding: Binding, descriptor: number): string | undefined {
  if (!binding.isWritable(descriptor)) return 'is not open for writing';
  const kind = binding.socketKind(descriptor);
  // Such a socket would take each write for a message, or refuse it.
  return kind === 'datagram' || kind === 'seqpacket'
    ? `is a ${kind} socket, which takes messages and no stream`
    : undefined;
}

/** Opens what the option `output` names. Throws a system error or `ERR_PROCPOOL_OPTION`. */
export function openOutput(binding: Binding, output: string | number): OpenOutput {
  if (output === 'pipe') {
    const [readEnd, writeEnd] = binding.pipe();
    const readable = new Socket({ fd: readEnd, readable: true, writable: false });
    return {
      descriptor: writeEnd,
      readable,
      path: undefined,
      release: () => {
        binding.close(writeEnd);
      },
    };
  }
  if (typeof output === 'number' || output === 'inherit') {
    const descriptor = output === 'inherit' ? stdout : output;
    const reason = unsuitableOutput(binding, descriptor);
    if (reason !== undefined) {
      const name = output === 'inherit' ? 'stdout' : `descriptor ${descriptor}`;
      const message = `${name} ${reason} (option "output": ${JSON.stringify(output)})`;
      throw new ProcpoolError('ERR_PROCPOOL_OPTION', message, { option: 'output', value: output });
    }
    return { descriptor, readable: null, path: undefined, release: () => undefined };
  }
  const descriptor = openFile(output);
  return {
    descriptor,
    readable: null,
    path: fstatSync(descriptor).isFile() ? resolve(output) : undefined,
    release: () => {
      closeSync(descriptor);
    },
  };
}

function openFile(path: string): number {
  try {
    return openSync(path, flags, 0o666);
  } catch (error) {
    throw withOption(error, 'output', path);
  }
}

/** Opens a path again at which another plain file may be by now, or none. Throws a system error or `ERR_PROCPOOL_OPTION`. */
export function reopenFile(path: string): number {
  // Before it is opened: opening a terminal or a FIFO has an effect on it.
  if (isNoFile(path)) throw reopenError(path);
  const descriptor = openFile(path);
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw reopenError(path);
}

/** True if something other than a plain file is there. */
function isNoFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === false;
  } catch (error) {
    throw withOption(error, 'output', path);
  }
}

function reopenError(path: string): ProcpoolError {
  const message = `option "output" must name a plain file to be reopened, not ${JSON.stringify(path)}`;
  return new ProcpoolError('ERR_PROCPOOL_OPTION', message, { option: 'output', value: path });
}

/** True if the app has destroyed its end of the output before all was read. */
export function isAbandoned(readable: Readable | null | undefined): boolean {
  return readable?.destroyed === true && !readable.readableEnded;
}
