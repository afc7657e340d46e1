import { availableParallelism } from 'node:os';

import type { LogEntry } from './log_entry.js';
import { type LogLevel, logLevels } from './log_level.js';
import { choice, duration, integer, object, type OptionKind, shortDuration, size, text } from './option_kind.js';

/** What is done with what clients send; in the order of native/ipc/message.h. */
export type HandlerName = 'sink' | 'echo' | 'http';
export const handlers = ['sink', 'echo', 'http'] as const satisfies HandlerName[];

/** Where the bytes go; see {@link ProcessPoolOptions.output}. */
export type OutputOption = 'inherit' | 'pipe' | number | (string & {});

/** What is done with bodies that have a Content-Encoding; in the order in which the addon numbers them. */
export type ContentEncoding = 'refuse' | 'pass';
export const contentEncodings = ['refuse', 'pass'] as const satisfies ContentEncoding[];

/** The options of a pool. Times are in milliseconds. */
export interface ProcessPoolOptions {
  /** TCP port; 0 picks a free one. @default 10714 */
  port?: number | undefined;
  /** Address or name to listen on. @default every address, IPv6 and IPv4 */
  host?: string | undefined;
  /** Unix socket to listen on instead of a port; replaced if nobody listens at it, removed at the stop. @default none */
  path?: string | undefined;
  /** Worker processes, 1 to 1024. @default number of cores */
  workers?: number | undefined;
  /**
   * `'sink'` delivers what clients send, `'echo'` sends it back to them (RFC 862) for latency checks, `'http'` delivers the
   * bodies of POST and PUT requests, each in one piece, and then answers.
   * @default 'sink'
   */
  handler?: HandlerName | undefined;
  /**
   * `'inherit'` is this process's stdout, `'pipe'` makes the pool's `output`, a number is a descriptor open for writing
   * (it stays yours), any other string is a file to append to.
   * @default 'inherit'
   */
  output?: OutputOption | undefined;
  /**
   * What becomes of a worker's connections when it dies: `'takeover'` continues them in another process, for which two
   * processes stand by for each worker; `'restart'` disconnects them, and starts a new worker.
   * @default 'takeover'
   */
  onDeath?: OnDeath | undefined;
  /**
   * Kills a worker that makes no progress for so long although it has something to do, and one that is stopped (SIGSTOP);
   * 0 disables.
   * @default 10000
   */
  workerTimeout?: number | undefined;
  /**
   * Replaces each worker by a new process so long after it began, one after the other; its connections continue.
   * 0 disables.
   * @default 0
   */
  maxLifetime?: number | undefined;
  /** Accept backlog: connections that the kernel holds until a worker accepts them, 1 to 65535. @default 4096 */
  backlog?: number | undefined;
  /** How long a stop may take to deliver what has arrived. @default 10000 */
  drainTimeout?: number | undefined;
  /** Closes connections that are idle for so long; 0 disables. @default 0; 60000 with `echo`, 75000 with `http` */
  idleTimeout?: number | undefined;
  /** Closes connections that send nothing within so long of connecting, not counting time in which the output is blocked; 0 disables. @default 0 */
  firstByteTimeout?: number | undefined;
  /** Closes connections so long after they were accepted, once what has arrived is read; 0 disables. @default 0 */
  maxAge?: number | undefined;
  /**
   * Longest pause of a busy worker to gather more input, a fraction is allowed; with `http` every answer waits for it.
   * 0 disables.
   * @default 5; 0.01 with `http`
   */
  batchDelay?: number | undefined;
  /** With `http`: closes connections that take longer for a request; 0 disables. @default 60000 */
  requestTimeout?: number | undefined;
  /** With `http`: largest request body, in bytes. @default 1048576 */
  maxBody?: number | undefined;
  /** With `http`: `'refuse'` answers a body that has a Content-Encoding with 415, `'pass'` delivers it unchanged. @default 'refuse' */
  contentEncoding?: ContentEncoding | undefined;
  /** With `http`: allowed CORS origin, or `'*'`. @default none */
  corsOrigin?: string | undefined;
  /**
   * How much `log` is called for: `'silent'`, `'error'`, `'warn'`, `'info'` or `'debug'`; each includes those before it.
   * @default 'info'
   */
  logLevel?: LogLevel | undefined;
  /** Called for each log entry; without it nothing is logged. @default none */
  log?: ((entry: LogEntry) => void) | undefined;
  /** Aborting it stops the pool as `stop()` does. @default none */
  signal?: AbortSignal | undefined;
}

/** What becomes of a dead worker's connections; in the order in which the addon numbers them. */
export type OnDeath = 'restart' | 'takeover';
export const deathPlans = ['restart', 'takeover'] as const satisfies OnDeath[];

export type OptionName = keyof ProcessPoolOptions;
type OptionValue<Name extends OptionName> = Exclude<ProcessPoolOptions[Name], undefined>;

/** What there is to know of an option beside its type and its documentation. */
export interface Option<Value> {
  kind: OptionKind<Value>;
  /** The value where none is given. */
  default: Value | undefined;
  /** The same with some handlers. */
  handlerDefaults?: Partial<Record<HandlerName, Value>>;
  /** The default in words, where the value does not say it. */
  defaultText?: string;
  /** The handlers that it is for; all, if absent. */
  handlers?: readonly HandlerName[];
  /** The option with which it cannot be given. */
  excludedBy?: OptionName;
  /** On the command line its name is in kebab-case. Absent: only a program can give it. */
  flag?: Flag;
}

export interface Flag {
  /** What stands for the value in the help. */
  value: string;
  help: string;
  /** A value that stands for the default. */
  unset?: string;
}

export const maxWorkers = 1024;

/** Bytes of a Unix socket's path, without its final NUL: unix(7). */
const maxSocketPath = 107;

const maxOrigin = 255;

/** What a browser sends as Origin: RFC 6454, section 7. */
function isOrigin(text: string): boolean {
  return text.length <= maxOrigin && URL.canParse(text) && new URL(text).origin === text;
}

const fileDescriptor = integer(0, 2 ** 31 - 1);
const filePath = text('"inherit", "pipe", a path or a descriptor');

const outputTarget: OptionKind<OutputOption> = {
  ...object(filePath.expected, (value) => fileDescriptor.accepts(value) || filePath.accepts(value)),
  expectedText: 'a file, or - for standard output',
  // A file even if it has the name of something else.
  parse: (path) => (path === '' ? undefined : path.startsWith('/') ? path : `./${path}`),
};

/** Each option, in the order of the help: its values, its default, its flag. */
export const optionTable = {
  port: {
    kind: integer(0, 65535),
    default: 10714,
    excludedBy: 'path',
    flag: { value: 'N', help: 'TCP port; 0 picks a free one' },
  },
  host: {
    kind: text('an address or a host name'),
    default: undefined,
    defaultText: 'every address, IPv6 and IPv4',
    excludedBy: 'path',
    flag: { value: 'ADDR', help: 'address or name to listen on' },
  },
  path: {
    kind: text(`a path of 1 to ${maxSocketPath} bytes`, (path) => Buffer.byteLength(path) <= maxSocketPath),
    default: undefined,
    flag: { value: 'SOCKET', help: 'Unix socket to listen on instead of a port' },
  },
  workers: {
    kind: integer(1, maxWorkers),
    default: Math.min(availableParallelism(), maxWorkers),
    defaultText: 'number of cores',
    flag: { value: 'N', help: `worker processes, 1 to ${maxWorkers}` },
  },
  handler: { kind: choice(handlers), default: 'sink', flag: { value: 'H', help: handlers.join(', ') } },
  output: {
    kind: outputTarget,
    default: 'inherit',
    handlers: ['sink', 'http'],
    flag: { value: 'FILE', help: 'file to append to; - is standard output', unset: '-' },
  },
  onDeath: {
    kind: choice(deathPlans),
    default: 'takeover',
    flag: { value: 'P', help: "what becomes of a dead worker's connections: takeover (continued) or restart (closed)" },
  },
  workerTimeout: {
    kind: duration,
    default: 10_000,
    flag: { value: 'D', help: 'kill a worker that makes no progress for D or is stopped so long; 0 disables' },
  },
  maxLifetime: {
    kind: duration,
    default: 0,
    flag: { value: 'D', help: 'replace each worker by a new process every D, connections continue; 0 disables' },
  },
  backlog: {
    kind: integer(1, 65535),
    default: 4096,
    flag: { value: 'N', help: 'accept backlog, 1 to 65535' },
  },
  drainTimeout: {
    kind: duration,
    default: 10_000,
    flag: { value: 'D', help: 'how long a stop may take to deliver what has arrived' },
  },
  idleTimeout: {
    kind: duration,
    default: 0,
    handlerDefaults: { echo: 60_000, http: 75_000 }, // http: longer than load balancers keep a connection
    flag: { value: 'D', help: 'close connections that are idle for D; 0 disables' },
  },
  firstByteTimeout: {
    kind: duration,
    default: 0,
    flag: { value: 'D', help: 'close connections that send nothing within D of connecting; 0 disables' },
  },
  maxAge: {
    kind: duration,
    default: 0,
    flag: { value: 'D', help: 'close connections D after they were accepted; 0 disables' },
  },
  batchDelay: {
    kind: shortDuration,
    default: 5,
    handlerDefaults: { echo: 0, http: 0.01 },
    handlers: ['sink', 'http'],
    flag: { value: 'D', help: 'longest pause of a busy worker to gather more input; 0 disables' },
  },
  requestTimeout: {
    kind: duration,
    default: 60_000,
    handlers: ['http'],
    flag: { value: 'D', help: 'http: close connections that take longer than D for a request; 0 disables' },
  },
  maxBody: {
    kind: size(1),
    default: 2 ** 20,
    handlers: ['http'],
    flag: { value: 'SIZE', help: 'http: largest request body' },
  },
  contentEncoding: {
    kind: choice(contentEncodings),
    default: 'refuse',
    handlers: ['http'],
    flag: { value: 'C', help: 'http: bodies with a Content-Encoding: refuse (415) or pass unchanged' },
  },
  corsOrigin: {
    kind: text('"*" or an origin such as "https://example.org"', (origin) => origin === '*' || isOrigin(origin)),
    default: undefined,
    defaultText: 'none',
    handlers: ['http'],
    flag: { value: 'ORIGIN', help: 'http: allowed CORS origin, or *' },
  },
  logLevel: { kind: choice(logLevels), default: 'info', flag: { value: 'L', help: logLevels.join(', ') } },
  log: { kind: object('a function', (value) => typeof value === 'function'), default: undefined },
  signal: { kind: object('an AbortSignal', (value) => value instanceof AbortSignal), default: undefined },
} satisfies { [Name in OptionName]-?: Option<OptionValue<Name>> };

/** Checked, with all defaults; undefined is left where the table has no default. */
export type FilledOptions = {
  [Name in OptionName]-?: OptionValue<Name> | Extract<(typeof optionTable)[Name]['default'], undefined>;
};
