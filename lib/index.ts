export { type ErrorCode, errorCodes, ProcpoolError } from './errors.js';
export type { LogEntry, TimeoutReason } from './log.js';
export type { Address } from './native.js';
export type { HandlerName, LogLevel, ProcessPoolOptions } from './options.js';
export type { ProcessPoolEvents, WorkerExit, WorkerStart } from './events.js';
export { ProcessPool, type StopOptions } from './pool.js';
export type { Counters, PoolStats, WorkerStats } from './stats.js';
