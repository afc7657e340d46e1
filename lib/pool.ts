import { lookup } from 'node:dns/promises';
import { EventEmitter } from 'node:events';
import { closeSync, lstatSync } from 'node:fs';
import { isIP } from 'node:net';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';

import { type Deferred, deferred } from './deferred.js';
import { ProcpoolError, withOption } from './errors.js';
import type { ProcessPoolEvents } from './events.js';
import { exitOf, signalText } from './exit_status.js';
import { logEntry } from './log.js';
import { isLogged } from './log_level.js';
import {
  type Address,
  loadBinding,
  type NativeCallbacks,
  type NativeOptions,
  type NativeRecord,
  type NativeSupervisor,
} from './native.js';
import type { FilledOptions, ProcessPoolOptions } from './option_table.js';
import { checkOption, fillOptions, nativeOptions, optionError } from './options.js';
import { openOutput, reopenFile } from './output.js';
import { fileSizeLimit, outputFailure } from './output_failure.js';
import { idleStats, type PoolStats, poolStats } from './stats.js';

export interface StopOptions {
  /** How long the drain may take, in ms; 0 ends at once. Of several times the earliest counts. @default the pool's `drainTimeout` */
  drainTimeout?: number | undefined;
  /** The signal that this passes on: a second one ends at once, one that reached the whole process group counts once. */
  signal?: NodeJS.Signals | undefined;
}

/** Runs code of the app's. What it throws is its own uncaught exception, and keeps the pool from nothing. */
function callOut(call: () => void): void {
  try {
    call();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

/** Workers that lost their supervisor end by themselves within half a second; a stuck one is not waited for. In ms. */
const orphanPatience = 1000;

/** A supervisor that is so much later than it said itself, or does not answer for so long, is killed. In ms. */
const supervisorPatience = 2000;

/** How often it is looked at during a stop, in ms. */
const stopInterval = 1000;

/** The pool's, in words that complete "the pool is". */
const states = {
  idle: 'not started',
  starting: 'starting',
  running: 'running',
  stopping: 'stopping',
  ended: 'ended',
};

/**
 * Worker processes that accept connections and deliver what clients send to the output. One life each: `start()`, then
 * `stop()`. While it runs it keeps the event loop alive, as a server does.
 */
export class ProcessPool<
  Output extends Readable | null = Readable | null,
  Where extends Address | string = Address | string,
>
  extends EventEmitter<ProcessPoolEvents>
  implements AsyncDisposable
{
  readonly #options: FilledOptions;
  readonly #closed = deferred();
  #phase: keyof typeof states = 'idle';
  #starting: Deferred | undefined;
  #resizing: Deferred[] = [];
  #resizeScheduled = false;
  #signals = 0;
  /** By when an order to stop that the supervisor has not answered yet asks it to end, on the clock of performance. */
  #unansweredMs = Infinity;
  #stopWatch: NodeJS.Timeout | undefined;
  #native: NativeSupervisor | undefined;
  #output: Readable | null = null;
  /** The output, where it is a plain file that was opened here. */
  #file: string | undefined;
  /** Calls of reopen() that wait, by the number of their order. */
  readonly #reopening = new Map<number, Deferred>();
  #reopens = 0;
  #target: number;
  /** Calls of stop() that wait, and so will be told of a failure. */
  #stops = 0;
  /** Why the pool cannot go on, as far as its processes have said. */
  #failure: ProcpoolError | undefined;
  #lastWords = '';
  #outcome: Error | undefined;

  /** @throws {ProcpoolError} `ERR_PROCPOOL_OPTION` */
  constructor(options: ProcessPoolOptions = {}) {
    super();
    this.#options = fillOptions(options);
    this.#target = this.#options.workers;
  }

  /**
   * What the pool delivers, where the option `output` is `'pipe'`; null otherwise. To destroy it, as leaving a
   * `for await` does, stops the pool: what is not read by then is discarded, and counted as dropped or unread.
   * @throws {ProcpoolError} `ERR_PROCPOOL_STATE` before `start()`
   */
  get output(): Output {
    if (this.#options.output === 'pipe' && this.#output === null) throw this.#missing('output');
    return this.#output as Output;
  }

  /**
   * Resolves when every worker accepts, or where some cannot be started, when the others do. Rejects with a system error
   * (`EADDRINUSE`, `EACCES`, `ENOTFOUND`, …), a {@link ProcpoolError} or the reason of the abort; then nothing is left
   * running.
   */
  async start(): Promise<void> {
    if (this.#phase !== 'idle') throw this.#stateError('start');
    const { signal } = this.#options;
    signal?.throwIfAborted();
    this.#phase = 'starting';
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    const starting = deferred();
    this.#starting = starting;
    try {
      await this.#launch();
      if (this.#native === undefined) this.#end(undefined);
    } catch (error) {
      this.#end(error as Error);
    }
    await starting.promise;
  }

  /**
   * Where the pool listens: an object for TCP, the path for a Unix socket.
   * @throws {ProcpoolError} `ERR_PROCPOOL_STATE` before `start()`
   */
  address(): Where {
    if (this.#native === undefined) throw this.#missing('address');
    return this.#native.address() as Where;
  }

  /** The counters as they stand, read from shared memory: valid while a worker hangs, and after the end. */
  stats(): PoolStats {
    if (this.#native === undefined) return idleStats();
    return poolStats(this.#native.stats(), this.#native.pid(), this.#phase === 'ended');
  }

  /**
   * Changes the number of workers; resolves when that many accept. Rejects with `ERR_PROCPOOL_WORKERS` where they cannot
   * be started: the pool keeps the size it had. One that is too many takes no new connections and
   * ends with the last that it has; while such have all 1024 places, a new one waits for the first of them to end.
   */
  async resize(workers: number): Promise<void> {
    checkOption('workers', workers);
    if (this.#phase !== 'running' || this.#native === undefined) throw this.#stateError('resize');
    const resized = deferred();
    this.#resizing.push(resized);
    this.#target = workers;
    if (!this.#resizeScheduled) {
      this.#resizeScheduled = true;
      queueMicrotask(this.#orderResize);
    }
    await resized.promise;
  }

  /**
   * Opens the file that the option `output` names anew, as after it was renamed; resolves when every worker writes to
   * it, so that the old one is complete. Where it cannot be opened, or is no plain file any more, the old one stays and
   * this rejects, with a system error or `ERR_PROCPOOL_OPTION`; with `ERR_PROCPOOL_STATE` where the output is no plain
   * file that the pool opened.
   */
  async reopen(): Promise<void> {
    if (this.#phase !== 'running' || this.#native === undefined) throw this.#stateError('reopen');
    if (this.#file === undefined) {
      throw new ProcpoolError('ERR_PROCPOOL_STATE', 'reopen() cannot be done: option "output" names no plain file');
    }
    const descriptor = reopenFile(this.#file);
    const reopened = deferred();
    this.#reopens += 1;
    try {
      this.#native.reopen(descriptor, this.#reopens);
      this.#reopening.set(this.#reopens, reopened);
    } finally {
      closeSync(descriptor);
    }
    await reopened.promise;
  }

  /**
   * Takes no new connections, delivers what clients had sent before, and resolves when every process has ended. Rejects
   * with `ERR_PROCPOOL_UNDELIVERED` if not all of it was delivered, or with why the pool failed. A second call may
   * shorten the time.
   */
  async stop({ drainTimeout, signal }: StopOptions = {}): Promise<void> {
    if (drainTimeout !== undefined) checkOption('drainTimeout', drainTimeout);
    const number = numberOf(signal);
    if (signal !== undefined) this.#signals += 1;
    if (this.#phase === 'idle') this.#end(undefined);
    if (this.#phase !== 'ended') {
      this.#phase = 'stopping';
      this.#native?.stop(drainTimeout, number);
      const asked = drainTimeout ?? (this.#signals > 1 ? 0 : this.#options.drainTimeout);
      this.#unansweredMs = Math.min(this.#unansweredMs, performance.now() + asked);
      this.#watchStop();
      this.#stops += 1;
      await this.#closed.promise;
    }
    if (this.#outcome !== undefined) throw this.#outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** A supervisor that hangs does not keep the pool from ending. How long the stop may take, it decides itself. */
  readonly #watchStop = (): void => {
    clearTimeout(this.#stopWatch);
    const decided = this.#native?.stageEndsIn() ?? null;
    if (decided !== null) this.#unansweredMs = Infinity;
    const left = (decided ?? this.#unansweredMs - performance.now()) + supervisorPatience;
    if (left > 0) this.#stopWatch = setTimeout(this.#watchStop, Math.min(left, stopInterval));
    else this.#native?.kill();
  };

  /** One order for all calls of resize() that come at once. */
  readonly #orderResize = (): void => {
    this.#resizeScheduled = false;
    if (this.#phase === 'running') this.#native?.resize(this.#target);
  };

  readonly #onAbort = (): void => {
    const told = this.#starting !== undefined;
    this.stop().catch((error: unknown) => {
      // Whoever aborted does not wait for the end of it.
      if (!told) this.emit('error', error as Error);
    });
  };

  /** Who reads the output wanted no more of it. */
  #isAbandoned(): boolean {
    return this.#output !== null && this.#output.destroyed && !this.#output.readableEnded;
  }

  readonly #onOutputClosed = (): void => {
    if (!this.#isAbandoned() || this.#phase === 'ended') return;
    this.stop({ drainTimeout: 0 }).catch((error: unknown) => {
      this.emit('error', error as Error);
    });
  };

  async #launch(): Promise<void> {
    const options = this.#options;
    const { binding, executable } = loadBinding();
    const host = await resolveHost(options.host);
    // Stopped meanwhile.
    if (this.#phase !== 'starting') return;

    const output = openOutput(binding, options.output);
    const native: NativeOptions = { ...nativeOptions(options), host, output: output.descriptor, executable };
    try {
      this.#native = new binding.Supervisor(native, this.#callbacks());
      this.#output = output.readable;
      this.#file = output.path;
      this.#output?.once('close', this.#onOutputClosed);
    } catch (error) {
      output.readable?.destroy();
      throw this.#launchError(error);
    } finally {
      output.release();
    }
  }

  #callbacks(): NativeCallbacks {
    const quiet = deferred();
    return {
      records: (records) => {
        for (const record of records) {
          this.#log(record);
          callOut(() => {
            this.#onRecord(record);
          });
        }
      },
      ended: (code, signal) => {
        const patience = setTimeout(() => {
          this.#native?.abandon();
          quiet.resolve();
        }, orphanPatience);
        void quiet.promise.then(() => {
          clearTimeout(patience);
          this.#end(this.#reason(code, signal));
        });
      },
      quiet: quiet.resolve,
    };
  }

  #log(record: NativeRecord): void {
    const { log, logLevel } = this.#options;
    if (log === undefined || !isLogged(record.level, logLevel)) return;
    callOut(() => {
      log(logEntry(record, () => this.address()));
    });
  }

  #onRecord(record: NativeRecord): void {
    const { worker, pid } = record;
    switch (record.event) {
      case 'listening':
        if (this.#phase === 'starting') this.#phase = 'running';
        this.#starting?.resolve();
        this.#starting = undefined;
        this.emit('listening', this.address());
        break;
      case 'start':
        if (worker >= 0) this.emit('worker:start', { worker, pid });
        break;
      case 'exit':
        this.emit('worker:exit', { worker, pid, ...exitOf(record.value) });
        break;
      case 'size':
        if (record.count === this.#target && record.value === this.#target)
          this.#settleResizes((one) => {
            one.resolve();
          });
        break;
      case 'reopened':
        this.#settleReopens(
          (number) => number <= record.value,
          (one) => {
            one.resolve();
          },
        );
        break;
      case 'reopen-failed':
        this.#settleReopens(
          (number) => number === record.value,
          (one) => {
            one.reject(new ProcpoolError('ERR_PROCPOOL_SUPERVISOR', `reopen() failed: ${record.errorText}`));
          },
        );
        break;
      case 'fail':
        this.#lastWords = `: ${record.call}: ${record.errorText} (${record.error})`;
        break;
      case 'resize-failed':
        if (record.value !== this.#target) break; // another was wanted since
        this.#target = record.count;
        this.#settleResizes((one) => {
          const wanted = `${record.value} workers cannot be started${this.#lastWords}`;
          one.reject(new ProcpoolError('ERR_PROCPOOL_WORKERS', `${wanted}; the size stays ${record.count}`));
        });
        break;
      case 'give-up':
        this.#failure = new ProcpoolError(
          'ERR_PROCPOOL_WORKERS',
          `workers kept dying at their start${this.#lastWords}`,
        );
        break;
      case 'kill':
        this.#failure ??= new ProcpoolError(
          'ERR_PROCPOOL_STUCK',
          `worker ${worker} did not exit in time and was killed`,
        );
        break;
      case 'lost':
        this.#failure ??= new ProcpoolError(
          'ERR_PROCPOOL_UNDELIVERED',
          `worker ${worker} died during the drain: what its clients had sent may be lost`,
        );
        break;
      case 'unserved':
        this.#failure ??= new ProcpoolError(
          'ERR_PROCPOOL_UNDELIVERED',
          `${record.count} clients in the accept queue were not served`,
        );
        break;
      case 'output':
        this.#failure = new ProcpoolError('ERR_PROCPOOL_OUTPUT', outputFailure(record));
        break;
      default:
        break;
    }
  }

  #settleResizes(settle: (one: Deferred) => void): void {
    this.#resizing.splice(0).forEach(settle);
  }

  #settleReopens(which: (number: number) => boolean, settle: (one: Deferred) => void): void {
    for (const [number, reopened] of this.#reopening) {
      if (!which(number)) continue;
      this.#reopening.delete(number);
      settle(reopened);
    }
  }

  /** Why the supervisor ended as it did; undefined if that was in order. */
  #reason(code: number | null, signal: number | null): Error | undefined {
    if (signal !== null) {
      return new ProcpoolError('ERR_PROCPOOL_SUPERVISOR', `the supervisor was killed by ${signalText(signal)}`);
    }
    if (code === 0) return undefined;
    const reason = this.#whatFailed();
    const discarded = reason.code === 'ERR_PROCPOOL_OUTPUT' || reason.code === 'ERR_PROCPOOL_UNDELIVERED';
    return discarded && this.#isAbandoned() ? undefined : reason;
  }

  #whatFailed(): ProcpoolError {
    if (this.#failure !== undefined) return this.#failure;
    const { bytesDropped, bytesUnread, torn } = this.stats().total;
    const bytes = bytesDropped + bytesUnread;
    if (bytes > 0) {
      return new ProcpoolError('ERR_PROCPOOL_UNDELIVERED', `${bytes} bytes were not delivered`, { bytes });
    }
    if (torn > 0) return new ProcpoolError('ERR_PROCPOOL_UNDELIVERED', 'a body was cut off', { bytes });
    return new ProcpoolError('ERR_PROCPOOL_SUPERVISOR', `the supervisor failed${this.#lastWords}`);
  }

  #end(error: Error | undefined): void {
    const starting = this.#starting;
    const told = starting !== undefined || this.#stops > 0;
    const { signal } = this.#options;
    signal?.removeEventListener('abort', this.#onAbort);
    clearTimeout(this.#stopWatch);
    this.#starting = undefined;
    this.#phase = 'ended';
    this.#outcome = error;
    this.#settleResizes((one) => {
      one.reject(error ?? this.#stateError('resize'));
    });
    this.#settleReopens(
      () => true,
      (one) => {
        one.reject(error ?? this.#stateError('reopen'));
      },
    );
    if (signal?.aborted === true) starting?.reject(signal.reason);
    else starting?.reject(error ?? this.#stateError('start'));
    this.#closed.resolve();
    try {
      if (error !== undefined && !told) this.emit('error', error);
    } finally {
      this.emit('close');
    }
  }

  #stateError(action: string): ProcpoolError {
    return new ProcpoolError('ERR_PROCPOOL_STATE', `${action}() cannot be done: the pool is ${states[this.#phase]}`);
  }

  #missing(what: string): ProcpoolError {
    return new ProcpoolError('ERR_PROCPOOL_STATE', `there is no ${what}: the pool is ${states[this.#phase]}`);
  }

  #launchError(error: unknown): unknown {
    const { syscall, code, message } = error as NodeJS.ErrnoException;
    const { path, host, port } = this.#options;
    if (syscall === 'listen' && path !== undefined) return pathError(error, path);
    if (syscall === 'listen' && (code === 'EADDRNOTAVAIL' || code === 'EINVAL')) return withOption(error, 'host', host);
    if (syscall === 'listen') return withOption(error, 'port', port, code === 'EACCES' ? privilegedPort(port) : '');
    const reason =
      code === 'EFBIG' ? `${syscall} EFBIG: RLIMIT_FSIZE (ulimit -f) is ${fileSizeLimit()} bytes` : message;
    return new ProcpoolError('ERR_PROCPOOL_SUPERVISOR', `the supervisor cannot be started: ${reason}`, {
      cause: error,
    });
  }
}

/** The numeric address of what the option `host` names; empty for all addresses. */
async function resolveHost(host: string | undefined): Promise<string> {
  if (host === undefined || isIP(host) !== 0) return host ?? '';
  try {
    return (await lookup(host)).address;
  } catch (error) {
    throw withOption(error, 'host', host);
  }
}

/** 0 for none. */
function numberOf(signal: NodeJS.Signals | undefined): number {
  if (signal === undefined) return 0;
  const numbers: Partial<Record<string, number>> = constants.signals;
  const number = numbers[signal];
  if (number === undefined) throw optionError('signal', signal, 'the name of a signal');
  return number;
}

/** What to do about a port that is refused to users; empty if that is not the reason. */
function privilegedPort(port: number): string {
  if (port >= 1024) return '';
  return ': ports below 1024 need CAP_NET_BIND_SERVICE, or a lower net.ipv4.ip_unprivileged_port_start';
}

/** Of a path at which something else lies, the kernel says that the address is in use. */
function pathError(error: unknown, path: string): unknown {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || status === undefined || status.isSocket()) {
    return withOption(error, 'path', path);
  }
  const kind = status.isDirectory() ? 'a directory' : status.isFile() ? 'a file' : 'something else';
  const message = `option "path" must be a free path or that of a Unix socket, and ${JSON.stringify(path)} is ${kind}`;
  return new ProcpoolError('ERR_PROCPOOL_OPTION', message, { option: 'path', value: path, cause: error });
}
