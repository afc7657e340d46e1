import { availableParallelism } from 'node:os';

import { ProcpoolError } from './errors.js';
import type { LogEntry } from './log_entry.js';
import { type LogLevel, logLevels } from './log_level.js';

/** What is done with what clients send; in the order of native/ipc/message.h. */
export type HandlerName = 'sink' | 'echo' | 'http';
export const handlers = ['sink', 'echo', 'http'] as const satisfies HandlerName[];

/** Where the bytes go; see {@link ProcessPoolOptions.output}. */
export type OutputOption = 'inherit' | 'pipe' | number | (string & {});

/** What becomes of bodies that have a Content-Encoding. */
export const contentEncodings = ['refuse', 'pass'] as const;
export type ContentEncoding = (typeof contentEncodings)[number];

/** What a pool can be told. Times are in milliseconds. */
export interface ProcessPoolOptions {
  /** TCP port; 0 takes any that is free. @default 10714 */
  port?: number | undefined;
  /** Address or name to listen on. @default every address, IPv6 and IPv4 */
  host?: string | undefined;
  /** Unix socket to listen on instead of a port. One that nobody listens at any more is replaced. */
  path?: string | undefined;
  /** Worker processes, 1 to 1024. @default the number of cores */
  workers?: number | undefined;
  /** Accept backlog: connections that the kernel holds until a worker takes them. @default 4096 */
  backlog?: number | undefined;
  /** How long a stop may go on delivering what clients had sent before it. @default 10000 */
  drainTimeout?: number | undefined;
  /**
   * `'sink'` delivers what clients send, `'echo'` sends it back to them (RFC 862), `'http'` delivers the bodies of POST
   * and PUT requests, each in one piece, and answers when that is done.
   * @default 'sink'
   */
  handler?: HandlerName | undefined;
  /** Closes a connection on which nothing has come or gone for so long; 0 never does. @default 0; 60000 with `echo`, 75000 with `http` */
  idleTimeout?: number | undefined;
  /** Closes a connection on which nothing has come within so long of its start; 0 never does. @default 0 */
  firstByteTimeout?: number | undefined;
  /** Closes a connection so long after its start, once what has come is read; 0 never does. @default 0 */
  maxAge?: number | undefined;
  /**
   * How long a busy worker may pause between two rounds of reading, so that the next finds more; a fraction is
   * allowed, 0 is never. A worker that is not busy never does, nor with `echo`.
   * @default 5; 0.01 with `http`
   */
  batchDelay?: number | undefined;
  /** With `http`: how long a client may take to send a whole request; 0 is for ever. @default 60000 */
  requestTimeout?: number | undefined;
  /** With `http`: bytes that a request's body may have. @default 1048576 */
  maxBody?: number | undefined;
  /**
   * With `http`: what is done with a body that has a Content-Encoding: `'refuse'` answers 415, `'pass'` delivers it as it
   * is, compressed or otherwise encoded.
   * @default 'refuse'
   */
  contentEncoding?: ContentEncoding | undefined;
  /**
   * With `http`: the origin whose pages a browser lets read the answers, and send what needs a preflight; `'*'` is
   * every one.
   * @default none
   */
  corsOrigin?: string | undefined;
  /**
   * Where the bytes go: `'inherit'` is this process's stdout, `'pipe'` makes the pool's `output`, a number is a
   * descriptor open for writing (it stays yours), any other string is a file to append to.
   * @default 'inherit'
   */
  output?: OutputOption | undefined;
  /** How much `log` is called for. @default 'info' */
  logLevel?: LogLevel | undefined;
  /** Called for each log entry. Without it nothing is logged. */
  log?: ((entry: LogEntry) => void) | undefined;
  /** Aborting it stops the pool as `stop()` does. */
  signal?: AbortSignal | undefined;
}

/** The options with every default filled in and every value checked. */
export interface FilledOptions {
  port: number;
  host: string | undefined;
  path: string | undefined;
  workers: number;
  backlog: number;
  drainTimeout: number;
  handler: HandlerName;
  idleTimeout: number;
  firstByteTimeout: number;
  maxAge: number;
  batchDelay: number;
  requestTimeout: number;
  maxBody: number;
  contentEncoding: ContentEncoding;
  corsOrigin: string | undefined;
  output: string | number;
  logLevel: LogLevel;
  log: ((entry: LogEntry) => void) | undefined;
  signal: AbortSignal | undefined;
}

/** Longest time that an option takes, in ms: what a timer of Node's can hold, 24.8 days. */
export const longestTime = 2 ** 31 - 1;

const longestOrigin = 255;

/** Bytes; what a number of JavaScript's holds exactly. */
export const largestBody = Number.MAX_SAFE_INTEGER;

/** What a browser sends as Origin: RFC 6454, section 7. */
function isOrigin(text: string): boolean {
  return text.length <= longestOrigin && URL.canParse(text) && new URL(text).origin === text;
}

/** Over HTTP longer than load balancers go on using a connection. */
const idleTimeouts: Record<HandlerName, number> = { sink: 0, echo: 60_000, http: 75_000 };

const batchDelays: Record<HandlerName, number> = { sink: 5, echo: 0, http: 0.01 };

/** Longest pause of a busy worker, in ms. */
export const longestBatchDelay = 1000;

const highestDescriptor = 2 ** 31 - 1;

/** Bytes of a Unix socket's path, without its final NUL: unix(7). */
const longestSocketPath = 107;

export const maxWorkers = 1024;

/** What an option takes, in words that complete "must be". */
type Check = (value: unknown) => string | undefined;

const integer =
  (min: number, max: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `an integer from ${min} to ${max}`;

const fraction =
  (min: number, max: number): Check =>
  (value) =>
    typeof value === 'number' && value >= min && value <= max ? undefined : `a number from ${min} to ${max}`;

const text =
  (what: string, accepts: (value: string) => boolean = () => true): Check =>
  (value) =>
    typeof value === 'string' && value !== '' && !value.includes('\0') && accepts(value) ? undefined : what;

const oneOf =
  (choices: readonly string[]): Check =>
  (value) =>
    choices.includes(value as string) ? undefined : `one of ${choices.map((choice) => `"${choice}"`).join(', ')}`;

const time = integer(0, longestTime);

const checks: Record<keyof ProcessPoolOptions, Check> = {
  port: integer(0, 65535),
  host: text('an address or a host name'),
  path: text(`a path of 1 to ${longestSocketPath} bytes`, (path) => Buffer.byteLength(path) <= longestSocketPath),
  workers: integer(1, maxWorkers),
  backlog: integer(1, 65535),
  drainTimeout: time,
  handler: oneOf(handlers),
  idleTimeout: time,
  firstByteTimeout: time,
  maxAge: time,
  batchDelay: fraction(0, longestBatchDelay),
  requestTimeout: time,
  maxBody: integer(1, largestBody),
  contentEncoding: oneOf(contentEncodings),
  corsOrigin: text('"*" or an origin such as "https://example.org"', (origin) => origin === '*' || isOrigin(origin)),
  output: (value) =>
    typeof value === 'number'
      ? integer(0, highestDescriptor)(value) && 'a descriptor that is open for writing'
      : text('"inherit", "pipe", a path or a descriptor')(value),
  logLevel: oneOf(logLevels),
  log: (value) => (typeof value === 'function' ? undefined : 'a function'),
  signal: (value) => (value instanceof AbortSignal ? undefined : 'an AbortSignal'),
};

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}

/** The error for an option's bad value: names both. */
export function optionError(option: string, value: unknown, wanted: string): ProcpoolError {
  const message = `option "${option}" must be ${wanted}, not ${show(value)}`;
  return new ProcpoolError('ERR_PROCPOOL_OPTION', message, { option, value });
}

/** Checks one option; throws `ERR_PROCPOOL_OPTION`. */
export function checkOption(option: keyof ProcessPoolOptions, value: unknown): void {
  const wanted = checks[option](value);
  if (wanted !== undefined) throw optionError(option, value, wanted);
}

/** The options with their values at this moment, inherited ones too. */
function checkedOptions(given: unknown): ProcessPoolOptions {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw optionError('options', given, 'an object');
  }
  const all = given as Record<string, unknown>;
  const unknown = Object.keys(all).find((option) => !Object.hasOwn(checks, option));
  if (unknown !== undefined) {
    const [option, value] = [unknown, all[unknown]];
    const message = `option "${option}" is unknown, its value ${show(value)}`;
    throw new ProcpoolError('ERR_PROCPOOL_OPTION', message, { option, value });
  }
  const values = Object.keys(checks).map((option) => [option, all[option]] as const);
  const present = values.filter(([, value]) => value !== undefined);
  for (const [option, value] of present) checkOption(option as keyof ProcessPoolOptions, value);
  return Object.fromEntries(present);
}

/** Checks everything and fills in the defaults; throws `ERR_PROCPOOL_OPTION`. */
export function fillOptions(given: ProcessPoolOptions): FilledOptions {
  const options = checkedOptions(given);
  for (const option of ['port', 'host'] as const) {
    if (options.path !== undefined && options[option] !== undefined) {
      throw optionError(option, options[option], 'left out where option "path" is given');
    }
  }
  const handler = options.handler ?? 'sink';
  for (const option of ['requestTimeout', 'maxBody', 'contentEncoding', 'corsOrigin'] as const) {
    if (handler !== 'http' && options[option] !== undefined) {
      throw optionError(option, options[option], 'left out where option "handler" is not "http"');
    }
  }
  for (const option of ['output', 'batchDelay'] as const) {
    if (handler === 'echo' && options[option] !== undefined) {
      throw optionError(option, options[option], 'left out where option "handler" is "echo"');
    }
  }
  return {
    port: options.port ?? 10714,
    host: options.host,
    path: options.path,
    workers: options.workers ?? Math.min(availableParallelism(), maxWorkers),
    backlog: options.backlog ?? 4096,
    drainTimeout: options.drainTimeout ?? 10_000,
    handler,
    idleTimeout: options.idleTimeout ?? idleTimeouts[handler],
    firstByteTimeout: options.firstByteTimeout ?? 0,
    maxAge: options.maxAge ?? 0,
    batchDelay: options.batchDelay ?? batchDelays[handler],
    requestTimeout: options.requestTimeout ?? 60_000,
    maxBody: options.maxBody ?? 2 ** 20,
    contentEncoding: options.contentEncoding ?? 'refuse',
    corsOrigin: options.corsOrigin,
    output: options.output ?? 'inherit',
    logLevel: options.log === undefined ? 'silent' : (options.logLevel ?? 'info'),
    log: options.log,
    signal: options.signal,
  };
}
