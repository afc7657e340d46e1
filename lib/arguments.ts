import { parseArgs, type ParseArgsConfig } from 'node:util';

import { ProcpoolError } from './errors.js';
import { type LogFormat, logFormats } from './log.js';
import { choice, duration } from './option_kind.js';
import { handlers, type Option, optionTable, type ProcessPoolOptions } from './option_table.js';
import { fillOptions } from './options.js';

/** What the command line asks for. */
export type Command =
  | { action: 'help' | 'version' }
  | { action: 'run'; options: ProcessPoolOptions; logFormat: LogFormat; statsInterval: number };

/** A command line that cannot be obeyed; the message names the option and the value. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Options of the command alone. */
const commandTable = {
  logFormat: {
    kind: choice(logFormats),
    default: 'text',
    flag: { value: 'F', help: `${logFormats.join(' or ')}, to standard error` },
  },
  statsInterval: { kind: duration, default: 0, flag: { value: 'D', help: 'log the counters every D; 0 disables' } },
} satisfies { logFormat: Option<LogFormat>; statsInterval: Option<number> };

/** Flags without a value: what they ask for instead of a pool. */
const actions = {
  version: { short: 'v', help: 'print the version' },
  help: { short: 'h', help: 'print this help' },
};

function flagOf(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The options that have a flag, by that flag. */
const flags = new Map(
  Object.entries<Option<unknown>>({ ...optionTable, ...commandTable }).flatMap(([name, { flag, ...option }]) =>
    flag === undefined ? [] : [[flagOf(name), { name, flag, ...option }] as const],
  ),
);

type FlagOption = NonNullable<ReturnType<typeof flags.get>>;

const parserConfiguration: ParseArgsConfig['options'] = {
  ...Object.fromEntries([...flags.keys()].map((flag) => [flag, { type: 'string' as const }])),
  ...Object.fromEntries(
    Object.entries(actions).map(([name, { short }]) => [name, { type: 'boolean' as const, short }]),
  ),
};

function refused(flag: string, text: string, expected: string): UsageError {
  return new UsageError(`option "--${flag}" must be ${expected}, not ${JSON.stringify(text)}`);
}

/** The value that a flag's text stands for. */
function valueOf(flag: string, text: string, { kind, flag: { unset } }: FlagOption): unknown {
  if (text === unset) return undefined;
  const value = kind.parse(text);
  if (value === undefined) throw refused(flag, text, kind.expectedText);
  if (!kind.accepts(value)) throw refused(flag, text, kind.expected);
  return value;
}

/** The flags' texts by flag, and the action if one is asked for. Checks that there is nothing else. */
function readTokens(args: string[]): { texts: Map<string, string>; action: 'help' | 'version' | undefined } {
  // Not strict: its messages run over several lines and leave the value out.
  const { tokens } = parseArgs({ args, options: parserConfiguration, strict: false, tokens: true });
  const texts = new Map<string, string>();
  let action: 'help' | 'version' | undefined;
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      throw new UsageError(`unexpected argument ${JSON.stringify(token.value)}: see --help`);
    }
    const { name, rawName, value } = token;
    if (flags.has(name)) {
      if (value === undefined) throw new UsageError(`option "--${name}" needs a value`);
      texts.set(name, value);
    } else if (name === 'help' || name === 'version') {
      if (value !== undefined) throw refused(name, value, 'given without a value');
      action ??= name;
    } else {
      const unknown = value === undefined ? '' : `, its value ${JSON.stringify(value)}`;
      throw new UsageError(`option ${JSON.stringify(rawName)} is unknown${unknown}: see --help`);
    }
  }
  return { texts, action };
}

/** Reads the command line. Throws {@link UsageError}. */
export function parseCommand(args: string[]): Command {
  const { texts, action } = readTokens(args);
  if (action !== undefined) return { action };
  const values = [...flags].flatMap(([flag, option]) => {
    const text = texts.get(flag);
    const value = text === undefined ? undefined : valueOf(flag, text, option);
    return value === undefined ? [] : [[option.name, value] as const];
  });
  const { logFormat, statsInterval, ...options } = Object.fromEntries(values) as ProcessPoolOptions & {
    logFormat?: LogFormat;
    statsInterval?: number;
  };
  checkTogether(options, texts);
  return {
    action: 'run',
    options,
    logFormat: logFormat ?? commandTable.logFormat.default,
    statsInterval: statsInterval ?? commandTable.statsInterval.default,
  };
}

/** Checks that options may be given along with each other; the error quotes the text of the command line. */
function checkTogether(options: ProcessPoolOptions, texts: Map<string, string>): void {
  try {
    fillOptions(options);
  } catch (error) {
    if (!(error instanceof ProcpoolError)) throw error;
    const text = texts.get(flagOf(error.option ?? ''));
    const message =
      text === undefined ? error.message : error.message.replace(/, not .*$/, `, not ${JSON.stringify(text)}`);
    throw new UsageError(inFlags(message));
  }
}

/** A message about an option of the API, with the option as it is written on the command line. */
export function inFlags(message: string): string {
  return message.replace(/option "(\w+)"/g, (_, option: string) => `option "--${flagOf(option)}"`);
}

/** The default as the help shows it, in brackets; empty where there is none. */
function defaultOf({ kind, default: value, handlerDefaults, ...option }: FlagOption): string {
  if (option.defaultText !== undefined) return ` (${option.defaultText})`;
  if (option.flag.unset !== undefined) return ` (${option.flag.unset})`;
  if (value === undefined) return '';
  const ofHandlers = handlers
    .filter((handler) => handlerDefaults?.[handler] !== undefined && option.handlers?.includes(handler) !== false)
    .map((handler) => `${handler}: ${kind.format(handlerDefaults?.[handler])}`);
  return ` (${[kind.format(value), ...ofHandlers].join('; ')})`;
}

export function helpText(): string {
  const usages = [
    ...[...flags].map(([name, option]) => {
      const { value, help } = option.flag;
      return [`--${name} ${value}`, `${help}${defaultOf(option)}`] as const;
    }),
    ...Object.entries(actions).map(([name, { short, help }]) => [`-${short}, --${name}`, help] as const),
  ];
  return [
    'Usage: procpool-native [options]',
    '',
    'Accepts clients in pre-forked worker processes and delivers what they send to',
    'standard output, or into a file. Logs go to standard error.',
    '',
    ...usages.map(([usage, help]) => `  ${usage.padEnd(23)} ${help}`),
    '',
    'Durations are written 500ms, 30s, 5m, sizes 512, 64k, 1m, 2g.',
    '',
    'SIGTERM, SIGINT, SIGQUIT  deliver what has arrived and exit; a second one exits at once',
    'SIGHUP                    reopen --output FILE; without one stop if standard error is a terminal,',
    '                          else ignored',
    'SIGUSR1                   log the counters',
    'SIGUSR2                   replace every worker by a new process; connections continue',
    'SIGALRM                   ignored',
    '',
    'Exit status: 0 stopped and everything delivered, 1 failure or lost bytes, 2 usage error.',
    '',
  ].join('\n');
}
