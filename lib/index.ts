import type { Readable } from 'node:stream';

import type { Address } from './native.js';
import { ProcessPool as Implementation } from './pool.js';
import type { ProcessPoolConstructor } from './typed_by_options.js';

export { type ErrorCode, errorCodes, type ErrorDetails, ProcpoolError } from './errors.js';
export type { LogEntry, TimeoutReason } from './log_entry.js';
export type { LogLevel } from './log_level.js';
export type { Address, LogEvent } from './native.js';
export type { ContentEncoding, HandlerName, OnDeath, OutputOption, ProcessPoolOptions } from './option_table.js';
export type { ProcessPoolEvents, WorkerExit, WorkerStart } from './events.js';
export type { ProcessPool as ProcessPoolInstance } from './pool.js';
export type { StopOptions } from './stop.js';
export type { Counters, PoolStats, WorkerStats } from './stats.js';
export type { AddressOf, Known, OutputOf, ProcessPoolConstructor } from './typed_by_options.js';

/** A pool of any options, or of those that give these types. */
export type ProcessPool<
  Output extends Readable | null = Readable | null,
  Where extends Address | string = Address | string,
> = Implementation<Output, Where>;

/** Makes a pool whose types follow its options. */
export const ProcessPool = Implementation as ProcessPoolConstructor;
