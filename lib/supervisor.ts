import type { Readable } from 'node:stream';

import { deferred } from './deferred.js';
import { ProcpoolError } from './errors.js';
import { listenError } from './listen_address.js';
import { loadBinding, type NativeRecord, type NativeSupervisor } from './native.js';
import type { FilledOptions } from './option_table.js';
import { nativeOptions } from './options.js';
import { openOutput } from './output.js';
import { fileSizeLimit } from './output_failure.js';

/** Workers that lost their supervisor exit within half a second; those that do not are killed after this, in ms. */
const orphanTimeout = 1000;

/** What a supervisor reports. */
export interface SupervisorListener {
  onRecord(record: NativeRecord): void;
  /** The supervisor has ended, with an exit status or by the number of a signal, and nobody is left who could log. */
  onEnd(code: number | null, signal: number | null): void;
}

/** A supervisor process that runs, and what of its output is in this process. */
export interface Supervisor {
  readonly handle: NativeSupervisor;
  /** The other end of the output, if that is a pipe to this process. */
  readonly readable: Readable | null;
  /** The output, if it is a plain file that was opened here. */
  readonly file: string | undefined;
}

/**
 * Listens at `host`, a numeric address, and starts the supervisor. Throws a system error or a {@link ProcpoolError}, and
 * leaves nothing behind then.
 */
export function startSupervisor(options: FilledOptions, host: string, listener: SupervisorListener): Supervisor {
  const { binding, executable } = loadBinding();
  const output = openOutput(binding, options.output);
  const quiet = deferred();
  try {
    const native = { ...nativeOptions(options), host, output: output.descriptor, executable };
    const handle: NativeSupervisor = new binding.Supervisor(native, {
      records: (records) => {
        for (const record of records) listener.onRecord(record);
      },
      ended: (code, signal) => {
        const timer = setTimeout(() => {
          handle.abandon();
          quiet.resolve();
        }, orphanTimeout);
        void quiet.promise.then(() => {
          clearTimeout(timer);
          listener.onEnd(code, signal);
        });
      },
      quiet: quiet.resolve,
    });
    return { handle, readable: output.readable, file: output.path };
  } catch (error) {
    output.readable?.destroy();
    throw startError(error as NodeJS.ErrnoException, options);
  } finally {
    output.release();
  }
}

function startError(error: NodeJS.ErrnoException, options: FilledOptions): unknown {
  const { syscall, code, message } = error;
  if (syscall === 'listen') return listenError(error, options);
  const reason = code === 'EFBIG' ? `${syscall} EFBIG: RLIMIT_FSIZE (ulimit -f) is ${fileSizeLimit()} bytes` : message;
  return new ProcpoolError('ERR_PROCPOOL_SUPERVISOR', `the supervisor cannot be started: ${reason}`, { cause: error });
}
