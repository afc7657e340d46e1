export { type ErrorCode, errorCodes, ProcpoolError } from './errors.js';
export type { LogEntry } from './log.js';
export type { Address } from './native.js';
export type { LogLevel, ProcessPoolOptions } from './options.js';
export { ProcessPool, type ProcessPoolEvents, type StopOptions, type WorkerExit, type WorkerStart } from './pool.js';
export type { Counters, PoolStats, WorkerStats } from './stats.js';
