import type { Address } from './native.js';

export interface WorkerStart {
  worker: number;
  pid: number;
}

export interface WorkerExit extends WorkerStart {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** The events of a pool and what their listeners get. */
export interface ProcessPoolEvents {
  /** Every worker accepts. */
  listening: [address: Address | string];
  /** A worker that was started accepts. */
  'worker:start': [worker: WorkerStart];
  /** A process goes on in the place of a worker that has died, with its connections; `'worker:exit'` came before. */
  'worker:takeover': [worker: WorkerStart];
  /** A worker process has ended. */
  'worker:exit': [worker: WorkerExit];
  /** The pool failed, and no call of `start()` or `stop()` waits that would reject. */
  error: [error: Error];
  /** The pool has ended: all its processes, ports and descriptors are gone. */
  close: [];
}
