import { ProcpoolError } from './errors.js';
import { signalText } from './exit_status.js';
import type { NativeRecord } from './native.js';
import { outputFailure } from './output_failure.js';
import type { Counters } from './stats.js';

/** Why a pool failed, as far as its processes have logged it. */
export class Failure {
  #error: ProcpoolError | undefined;
  /** The last system call that failed, in words that follow a message; empty if none did. */
  #cause = '';

  /** Keeps what the record says of a failure. An output that broke and workers that cannot start explain all else. */
  onRecord(record: NativeRecord): void {
    const { worker, count } = record;
    switch (record.event) {
      case 'fail':
        this.#cause = `: ${record.call}: ${record.errorText} (${record.error})`;
        break;
      case 'give-up':
        this.#error = new ProcpoolError('ERR_PROCPOOL_WORKERS', `workers kept dying at their start${this.#cause}`);
        break;
      case 'output':
        this.#error = new ProcpoolError('ERR_PROCPOOL_OUTPUT', outputFailure(record));
        break;
      case 'kill':
        this.#error ??= new ProcpoolError('ERR_PROCPOOL_STUCK', `worker ${worker} did not exit in time and was killed`);
        break;
      case 'lost':
        this.#error ??= new ProcpoolError(
          'ERR_PROCPOOL_UNDELIVERED',
          `worker ${worker} died during the drain: what its clients had sent may be lost`,
        );
        break;
      case 'unserved':
        this.#error ??= new ProcpoolError(
          'ERR_PROCPOOL_UNDELIVERED',
          `${count} clients in the accept queue were not served`,
        );
        break;
      default:
        break;
    }
  }

  /** For a resize to `size` that failed; the pool stays at `kept` workers. */
  resizeError(size: number, kept: number): ProcpoolError {
    const reason = `${size} workers cannot be started${this.#cause}`;
    return new ProcpoolError('ERR_PROCPOOL_WORKERS', `${reason}; the size stays ${kept}`);
  }

  /** For a supervisor that ended so; undefined: it ended in order. */
  endError(code: number | null, signal: number | null, total: Counters): ProcpoolError | undefined {
    if (signal !== null) {
      return new ProcpoolError('ERR_PROCPOOL_SUPERVISOR', `the supervisor was killed by ${signalText(signal)}`);
    }
    if (code === 0) return undefined;
    if (this.#error !== undefined) return this.#error;
    const bytes = total.bytesDropped + total.bytesUnread;
    if (bytes > 0) {
      return new ProcpoolError('ERR_PROCPOOL_UNDELIVERED', `${bytes} bytes were not delivered`, { bytes });
    }
    if (total.torn > 0) return new ProcpoolError('ERR_PROCPOOL_UNDELIVERED', 'a body was cut off', { bytes });
    return new ProcpoolError('ERR_PROCPOOL_SUPERVISOR', `the supervisor failed${this.#cause}`);
  }
}
