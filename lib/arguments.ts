import { parseArgs } from 'node:util';

import ms from 'ms';

import { ProcpoolError } from './errors.js';
import { type LogFormat, logFormats } from './log.js';
import { logLevels } from './log_level.js';
import {
  contentEncodings,
  fillOptions,
  handlers,
  longestBatchDelay,
  longestTime,
  type ProcessPoolOptions,
} from './options.js';

/** What the command line asks for. */
export type Command =
  | { action: 'help' | 'version' }
  | { action: 'run'; options: ProcessPoolOptions; logFormat: LogFormat; statsInterval: number };

/** A command line that cannot be obeyed; the message names the option and the value. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

interface Flag {
  /** One letter that stands for it. */
  short?: string;
  /** What stands for the value in the help; none for a flag without one. */
  value?: string;
  help: string;
  /** The flag's meaning: changes the command. */
  set?: (text: string, command: Extract<Command, { action: 'run' }>) => void;
}

function bad(flag: string, text: string, wanted: string): UsageError {
  return new UsageError(`option "--${flag}" must be ${wanted}, not ${JSON.stringify(text)}`);
}

function integer(flag: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw bad(flag, text, 'an integer');
  return Number(text);
}

function duration(flag: string, text: string): number {
  const milliseconds = /^(?:0|\d+(?:\.\d+)?(?:ms|s|m|h))$/.test(text) ? ms(text as ms.StringValue) : Number.NaN;
  if (!Number.isInteger(milliseconds) || milliseconds > longestTime) {
    throw bad(flag, text, 'a duration such as 500ms, 30s or 5m, at most 24 days');
  }
  return milliseconds;
}

/** Shorter than a millisecond, too. */
function delay(flag: string, text: string): number {
  const milliseconds = /^(?:0|\d+(?:\.\d+)?(?:ms|s))$/.test(text) ? ms(text as ms.StringValue) : Number.NaN;
  if (!(milliseconds <= longestBatchDelay)) throw bad(flag, text, 'a duration such as 0.5ms or 2ms, at most 1s');
  return milliseconds;
}

function size(flag: string, text: string): number {
  const [, digits, unit = ''] = /^(\d{1,15})([kmg]?)$/i.exec(text) ?? [];
  const bytes = Number(digits) * 1024 ** ' kmg'.indexOf(unit.toLowerCase() || ' ');
  if (!Number.isSafeInteger(bytes)) throw bad(flag, text, 'a size such as 512, 64k, 1m or 2g');
  return bytes;
}

function choice<Choice extends string>(flag: string, text: string, choices: readonly Choice[]): Choice {
  const found = choices.find((one) => one === text);
  if (found === undefined) throw bad(flag, text, `one of ${choices.join(', ')}`);
  return found;
}

/** Marked as a file, since the option of the API has names for others. */
function outputFile(text: string): string | undefined {
  if (text === '') throw bad('output', text, 'a file, or - for standard output');
  if (text === '-') return undefined;
  return text.startsWith('/') ? text : `./${text}`;
}

const flags: Record<string, Flag> = {
  port: {
    value: 'N',
    help: 'TCP port; 0 picks a free one (10714)',
    set: (text, { options }) => (options.port = integer('port', text)),
  },
  host: {
    value: 'ADDR',
    help: 'address or name to listen on (every address, IPv6 and IPv4)',
    set: (text, { options }) => (options.host = text),
  },
  path: {
    value: 'SOCKET',
    help: 'Unix socket to listen on instead of a port',
    set: (text, { options }) => (options.path = text),
  },
  workers: {
    value: 'N',
    help: 'worker processes, 1 to 1024 (number of cores)',
    set: (text, { options }) => (options.workers = integer('workers', text)),
  },
  handler: {
    value: 'H',
    help: `${handlers.join(', ')} (sink)`,
    set: (text, { options }) => (options.handler = choice('handler', text, handlers)),
  },
  output: {
    value: 'FILE',
    help: 'file to append to; - is standard output (-)',
    set: (text, { options }) => (options.output = outputFile(text)),
  },
  backlog: {
    value: 'N',
    help: 'accept backlog, 1 to 65535 (4096)',
    set: (text, { options }) => (options.backlog = integer('backlog', text)),
  },
  'drain-timeout': {
    value: 'D',
    help: 'how long a stop may take to deliver what has arrived (10s)',
    set: (text, { options }) => (options.drainTimeout = duration('drain-timeout', text)),
  },
  'idle-timeout': {
    value: 'D',
    help: 'close connections that are idle for D; 0 disables (0s; echo: 60s; http: 75s)',
    set: (text, { options }) => (options.idleTimeout = duration('idle-timeout', text)),
  },
  'first-byte-timeout': {
    value: 'D',
    help: 'close connections that send nothing within D of connecting; 0 disables (0s)',
    set: (text, { options }) => (options.firstByteTimeout = duration('first-byte-timeout', text)),
  },
  'max-age': {
    value: 'D',
    help: 'close connections D after they were accepted; 0 disables (0s)',
    set: (text, { options }) => (options.maxAge = duration('max-age', text)),
  },
  'batch-delay': {
    value: 'D',
    help: 'longest pause of a busy worker to gather more input; 0 disables (5ms; http: 0.01ms)',
    set: (text, { options }) => (options.batchDelay = delay('batch-delay', text)),
  },
  'request-timeout': {
    value: 'D',
    help: 'http: close connections that take longer than D for a request; 0 disables (60s)',
    set: (text, { options }) => (options.requestTimeout = duration('request-timeout', text)),
  },
  'max-body': {
    value: 'SIZE',
    help: 'http: largest request body (1m)',
    set: (text, { options }) => (options.maxBody = size('max-body', text)),
  },
  'content-encoding': {
    value: 'C',
    help: 'http: bodies with a Content-Encoding: refuse (415) or pass unchanged (refuse)',
    set: (text, { options }) => (options.contentEncoding = choice('content-encoding', text, contentEncodings)),
  },
  'cors-origin': {
    value: 'ORIGIN',
    help: 'http: allowed CORS origin, or * (none)',
    set: (text, { options }) => (options.corsOrigin = text),
  },
  'log-level': {
    value: 'L',
    help: `${logLevels.join(', ')} (info)`,
    set: (text, { options }) => (options.logLevel = choice('log-level', text, logLevels)),
  },
  'log-format': {
    value: 'F',
    help: `${logFormats.join(' or ')}, to standard error (text)`,
    set: (text, command) => (command.logFormat = choice('log-format', text, logFormats)),
  },
  'stats-interval': {
    value: 'D',
    help: 'log the counters every D; 0 disables (0s)',
    set: (text, command) => (command.statsInterval = duration('stats-interval', text)),
  },
  version: { short: 'v', help: 'print the version' },
  help: { short: 'h', help: 'print this help' },
};

const configuration = Object.fromEntries(
  Object.entries(flags).map(([name, { value, short }]) => [
    name,
    { type: value === undefined ? ('boolean' as const) : ('string' as const), ...(short !== undefined && { short }) },
  ]),
);

/** Reads the command line. Throws {@link UsageError}. */
export function parseCommand(args: string[]): Command {
  // Not strict: its messages run over several lines and leave the value out.
  const { tokens } = parseArgs({ args, options: configuration, strict: false, tokens: true });
  const command: Extract<Command, { action: 'run' }> = {
    action: 'run',
    options: {},
    logFormat: 'text',
    statsInterval: 0,
  };
  const typed = new Map<string, string>();
  let other: 'help' | 'version' | undefined;
  for (const token of tokens) {
    if (token.kind === 'positional')
      throw new UsageError(`unexpected argument ${JSON.stringify(token.value)}: see --help`);
    if (token.kind === 'option-terminator') continue;
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    if (flag === undefined) {
      const value = token.value === undefined ? '' : `, its value ${JSON.stringify(token.value)}`;
      throw new UsageError(`option ${JSON.stringify(token.rawName)} is unknown${value}: see --help`);
    }
    if (flag.set === undefined) {
      if (token.value !== undefined) throw bad(token.name, token.value, 'given without a value');
      other ??= token.name as 'help' | 'version';
    } else {
      if (token.value === undefined) throw new UsageError(`option "--${token.name}" needs a value`);
      flag.set(token.value, command);
      typed.set(token.name, token.value);
    }
  }
  if (other !== undefined) return { action: other };
  checkRanges(command.options, typed);
  return command;
}

/** `typed`: the flags' values as they stand on the command line. */
function checkRanges(options: ProcessPoolOptions, typed: Map<string, string>): void {
  try {
    fillOptions(options);
  } catch (error) {
    if (!(error instanceof ProcpoolError)) throw error;
    const value = typed.get(flagOf(error.option ?? ''));
    const message =
      value === undefined ? error.message : error.message.replace(/, not .*$/, `, not ${JSON.stringify(value)}`);
    throw new UsageError(inFlags(message));
  }
}

function flagOf(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A message about an option of the API's, with the option as it is written on the command line. */
export function inFlags(message: string): string {
  return message.replace(/option "(\w+)"/g, (_, option: string) => `option "--${flagOf(option)}"`);
}

export function helpText(): string {
  const lines = Object.entries(flags).map(([name, { short, value, help }]) => {
    const long = value === undefined ? `--${name}` : `--${name} ${value}`;
    const usage = short === undefined ? long : `-${short}, ${long}`;
    return `  ${usage.padEnd(23)} ${help}`;
  });
  return [
    'Usage: procpool-native [options]',
    '',
    'Accepts clients in pre-forked worker processes and delivers what they send to',
    'standard output, or into a file. Logs go to standard error.',
    '',
    ...lines,
    '',
    'Durations are written 500ms, 30s, 5m, sizes 512, 64k, 1m, 2g.',
    '',
    'SIGTERM, SIGINT, SIGQUIT  deliver what has arrived and exit; a second one exits at once',
    'SIGHUP                    reopen --output FILE; without one stop if standard error is a terminal,',
    '                          else ignored',
    'SIGUSR1                   log the counters',
    'SIGUSR2, SIGALRM          ignored',
    '',
    'Exit status: 0 stopped and everything delivered, 1 failure or lost bytes, 2 usage error.',
    '',
  ].join('\n');
}
