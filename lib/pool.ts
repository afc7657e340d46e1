import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';

import { type Deferred, deferred } from './deferred.js';
import { ProcpoolError } from './errors.js';
import type { ProcessPoolEvents } from './events.js';
import { exitOf } from './exit_status.js';
import { Failure } from './failure.js';
import { resolveHost } from './listen_address.js';
import { logEntry } from './log.js';
import { isLogged } from './log_level.js';
import type { Address, NativeRecord } from './native.js';
import type { FilledOptions, ProcessPoolOptions } from './option_table.js';
import { checkOption, fillOptions } from './options.js';
import { isAbandoned } from './output.js';
import { type PoolState, stateError } from './pool_state.js';
import { Recycles } from './recycles.js';
import { Reopens } from './reopens.js';
import { Resizes } from './resizes.js';
import { idleStats, type PoolStats, poolStats } from './stats.js';
import { checkStopOptions, Stop, type StopOptions } from './stop.js';
import { startSupervisor, type Supervisor } from './supervisor.js';
import { callUserCode } from './user_code.js';

/**
 * Worker processes that accept connections and deliver what clients send to the output. One life each: `start()`, then
 * `stop()`. While it runs it keeps the event loop alive, as a server does.
 */
export class ProcessPool<
  Output extends Readable | null = Readable | null,
  ListenAddress extends Address | string = Address | string,
>
  extends EventEmitter<ProcessPoolEvents>
  implements AsyncDisposable
{
  readonly #options: FilledOptions;
  #state: PoolState = 'idle';
  #supervisor: Supervisor | undefined;
  /** While `start()` waits. */
  #started: Deferred | undefined;
  readonly #ended = deferred();
  /** Why the pool ended; undefined: it ended in order, or has not. */
  #error: Error | undefined;
  readonly #failure = new Failure();
  readonly #resizes: Resizes;
  readonly #reopens = new Reopens();
  readonly #recycles = new Recycles();
  readonly #stop: Stop;
  /** How many calls of `stop()` wait, and so reject if the pool fails. */
  #stopCalls = 0;

  /** @throws {ProcpoolError} `ERR_PROCPOOL_OPTION` */
  constructor(options: ProcessPoolOptions = {}) {
    super();
    this.#options = fillOptions(options);
    this.#stop = new Stop(this.#options.drainTimeout);
    this.#resizes = new Resizes(this.#options.workers, (size) => {
      if (this.#state === 'running') this.#supervisor?.handle.resize(size);
    });
  }

  /**
   * What the pool delivers, where the option `output` is `'pipe'`; null otherwise. To destroy it, as leaving a
   * `for await` does, stops the pool: what is not read by then is discarded, and counted as dropped or unread.
   * @throws {ProcpoolError} `ERR_PROCPOOL_STATE` before `start()`
   */
  get output(): Output {
    const readable = this.#supervisor?.readable ?? null;
    if (this.#options.output === 'pipe' && readable === null) throw stateError('there is no output', this.#state);
    return readable as Output;
  }

  /**
   * Resolves when every worker accepts, or where some cannot be started, when the others do. Rejects with a system error
   * (`EADDRINUSE`, `EACCES`, `ENOTFOUND`, …), a {@link ProcpoolError} or the reason of the abort; then nothing is left
   * running.
   */
  async start(): Promise<void> {
    if (this.#state !== 'idle') throw stateError('start() cannot be done', this.#state);
    const { signal } = this.#options;
    signal?.throwIfAborted();
    this.#state = 'starting';
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    const started = deferred();
    this.#started = started;
    try {
      await this.#launch();
      if (this.#supervisor === undefined) this.#end(undefined);
    } catch (error) {
      this.#end(error as Error);
    }
    await started.promise;
  }

  /**
   * Where the pool listens: an object for TCP, the path for a Unix socket.
   * @throws {ProcpoolError} `ERR_PROCPOOL_STATE` before `start()`
   */
  address(): ListenAddress {
    if (this.#supervisor === undefined) throw stateError('there is no address', this.#state);
    return this.#supervisor.handle.address() as ListenAddress;
  }

  /** The counters at this moment, read from shared memory: also while a worker hangs, and after the end. */
  stats(): PoolStats {
    if (this.#supervisor === undefined) return idleStats();
    const { handle } = this.#supervisor;
    return poolStats(handle.stats(), handle.pid(), this.#state === 'ended');
  }

  /**
   * Changes the number of workers; resolves when that many accept. Rejects with `ERR_PROCPOOL_WORKERS` if they cannot be
   * started: the pool keeps the size it had. Surplus workers take no new connections and exit after their last one;
   * while such workers use all 1024 slots, a new worker waits for the first of them to exit.
   */
  async resize(workers: number): Promise<void> {
    checkOption('workers', workers);
    this.#running('resize');
    await this.#resizes.request(workers);
  }

  /**
   * Reopens the file that the option `output` names, as after it was renamed; resolves when every worker writes to it,
   * so that the old one is complete. If it cannot be opened, or is no longer a plain file, the old one stays in use and
   * this rejects, with a system error or `ERR_PROCPOOL_OPTION`; with `ERR_PROCPOOL_STATE` if the output is not a plain
   * file that the pool opened.
   */
  async reopen(): Promise<void> {
    const { handle, file } = this.#running('reopen');
    if (file === undefined) {
      throw new ProcpoolError('ERR_PROCPOOL_STATE', 'reopen() cannot be done: option "output" names no plain file');
    }
    await this.#reopens.request(handle, file);
  }

  /**
   * Replaces every worker by a new process, one after the other, and resolves when all are. Their connections continue.
   * A worker with requests under way finishes them first, for which it has the drain timeout; connections that still have
   * one then are closed. Rejects with `ERR_PROCPOOL_STATE` if the option `onDeath` is not `'takeover'`.
   */
  async recycle(): Promise<void> {
    const { handle } = this.#running('recycle');
    if (this.#options.onDeath !== 'takeover') {
      throw new ProcpoolError('ERR_PROCPOOL_STATE', 'recycle() cannot be done: option "onDeath" is not "takeover"');
    }
    await this.#recycles.request(handle);
  }

  /**
   * Takes no new connections, delivers what clients had sent before, and resolves when every process has ended. Rejects
   * with `ERR_PROCPOOL_UNDELIVERED` if not all of it was delivered, or with why the pool failed. A second call may
   * shorten the time.
   */
  async stop(options: StopOptions = {}): Promise<void> {
    checkStopOptions(options);
    if (this.#state === 'idle') this.#end(undefined);
    if (this.#state !== 'ended') {
      this.#state = 'stopping';
      if (this.#supervisor !== undefined) this.#stop.order(this.#supervisor.handle, options);
      this.#stopCalls += 1;
      await this.#ended.promise;
    }
    if (this.#error !== undefined) throw this.#error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  readonly #onAbort = (): void => {
    const startWaits = this.#started !== undefined;
    this.stop().catch((error: unknown) => {
      // start() rejects with the reason of the abort; otherwise the failure has no other way to the app.
      if (!startWaits) this.emit('error', error as Error);
    });
  };

  readonly #onOutputClosed = (): void => {
    if (!isAbandoned(this.#supervisor?.readable) || this.#state === 'ended') return;
    this.stop({ drainTimeout: 0 }).catch((error: unknown) => {
      this.emit('error', error as Error);
    });
  };

  async #launch(): Promise<void> {
    const host = await resolveHost(this.#options.host);
    if (this.#state !== 'starting') return; // stopped meanwhile
    this.#supervisor = startSupervisor(this.#options, host, {
      onRecord: (record) => {
        this.#log(record);
        callUserCode(() => {
          this.#onRecord(record);
        });
      },
      onEnd: (code, signal) => {
        const error = this.#failure.endError(code, signal, this.stats().total);
        const isLoss = error?.code === 'ERR_PROCPOOL_OUTPUT' || error?.code === 'ERR_PROCPOOL_UNDELIVERED';
        this.#end(isLoss && isAbandoned(this.#supervisor?.readable) ? undefined : error);
      },
    });
    this.#supervisor.readable?.once('close', this.#onOutputClosed);
  }

  #log(record: NativeRecord): void {
    const { log, logLevel } = this.#options;
    if (log === undefined || !isLogged(record.level, logLevel)) return;
    callUserCode(() => {
      log(logEntry(record, () => this.address()));
    });
  }

  #onRecord(record: NativeRecord): void {
    const { worker, pid } = record;
    this.#failure.onRecord(record);
    this.#resizes.onRecord(record, this.#failure);
    this.#reopens.onRecord(record);
    this.#recycles.onRecord(record);
    switch (record.event) {
      case 'listening':
        if (this.#state === 'starting') this.#state = 'running';
        this.#started?.resolve();
        this.#started = undefined;
        this.emit('listening', this.address());
        break;
      case 'start':
        if (worker >= 0) this.emit('worker:start', { worker, pid });
        break;
      case 'takeover':
        this.emit('worker:takeover', { worker, pid });
        break;
      case 'exit':
        this.emit('worker:exit', { worker, pid, ...exitOf(record.value) });
        break;
      default:
        break;
    }
  }

  #end(error: Error | undefined): void {
    const isReported = this.#started !== undefined || this.#stopCalls > 0;
    const { signal } = this.#options;
    signal?.removeEventListener('abort', this.#onAbort);
    this.#stop.finish();
    this.#state = 'ended';
    this.#error = error;
    this.#resizes.reject(error ?? stateError('resize() cannot be done', this.#state));
    this.#recycles.reject(error ?? stateError('recycle() cannot be done', this.#state));
    this.#reopens.reject(error ?? stateError('reopen() cannot be done', this.#state));
    if (signal?.aborted === true) this.#started?.reject(signal.reason);
    else this.#started?.reject(error ?? stateError('start() cannot be done', this.#state));
    this.#started = undefined;
    this.#ended.resolve();
    try {
      if (error !== undefined && !isReported) this.emit('error', error);
    } finally {
      this.emit('close');
    }
  }

  /** The supervisor of a pool that runs; throws `ERR_PROCPOOL_STATE` if it does not. */
  #running(action: string): Supervisor {
    if (this.#state === 'running' && this.#supervisor !== undefined) return this.#supervisor;
    throw stateError(`${action}() cannot be done`, this.#state);
  }
}
