import type { LogLevel } from './log_level.js';
import type { Address, LogEvent } from './native.js';
import type { PoolStats } from './stats.js';

/** What a client exceeded: the names of native/ipc/log_record.h, in its order. */
export type TimeoutReason = 'idle' | 'first-byte' | 'request' | 'max-age' | 'pace';

/** One thing that happened. */
export interface LogEntry {
  time: Date;
  level: Exclude<LogLevel, 'silent'>;
  event: LogEvent | 'stats' | 'warning';
  /** The worker's number, or null: the supervisor. */
  worker: number | null;
  /** The process it is about. */
  pid: number;
  /** The client's address and port, where there is one. */
  peer?: string;
  /** Where the pool listens, at `listening`. */
  address?: Address | string;
  /** An errno's name. */
  error?: string;
  /** What a request was answered with. */
  status?: number;
  /** Which timeout the client exceeded, at `timeout`; why it was refused, at `request`. */
  reason?: TimeoutReason | (string & {});
  /** Bytes received (`close`, `reset`, `timeout`; of a body: `request`, `torn`) or not delivered (`undelivered`). */
  bytes?: number;
  /** How long something took or may take, in ms. */
  milliseconds?: number;
  /** Exit status of a worker that ended by itself. */
  code?: number;
  /** Name of the signal that arrived, or that ended a worker. */
  signal?: string;
  /** The counters, at `stats`. */
  stats?: PoolStats;
  /** All of it in words. */
  message: string;
}
