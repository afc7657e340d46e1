import { parseArgs } from 'node:util';

import { type Signal, signals } from './workers.js';

export const outputs = ['pipe', 'slow-pipe', 'file', 'append'] as const;
export type Output = (typeof outputs)[number];

/** A command line that cannot be obeyed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What is left open varies from phase to phase. */
export interface Options {
  minutes: number | undefined;
  seconds: number | undefined;
  seed: number;
  clients: number | undefined;
  workers: number | undefined;
  output: Output | undefined;
  signal: Signal | undefined;
  killsPerSecond: number;
  unix: boolean;
  poolArgs: string[];
}

const options = {
  minutes: { type: 'string' },
  seconds: { type: 'string' },
  seed: { type: 'string' },
  clients: { type: 'string' },
  workers: { type: 'string' },
  output: { type: 'string' },
  signal: { type: 'string' },
  'kills-per-second': { type: 'string', default: '10' },
  unix: { type: 'boolean', default: false },
  'pool-arg': { type: 'string', multiple: true, default: [] as string[] },
} as const;

function number(name: string, text: string, least: number, whole: boolean): number {
  const value = text === '' ? Number.NaN : Number(text);
  if (value >= least && (Number.isInteger(value) || (!whole && Number.isFinite(value)))) return value;
  throw new UsageError(`--${name} ${text}: it has to be a ${whole ? 'whole ' : ''}number from ${least} on`);
}

function oneOf<T extends string>(name: string, text: string | undefined, values: readonly T[]): T | undefined {
  if (text === undefined) return undefined;
  const value = values.find((known) => known === text);
  if (value === undefined) throw new UsageError(`--${name} ${text}: it is one of ${values.join(', ')}`);
  return value;
}

function parsed(args: string[]) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** @throws {UsageError} */
export function readOptions(args: string[]): Options {
  const values = parsed(args);
  const optional = (name: 'minutes' | 'seconds' | 'clients' | 'workers', whole = true): number | undefined => {
    const text = values[name];
    return text === undefined ? undefined : number(name, text, whole ? 1 : 0, whole);
  };
  const seed = values.seed ?? String(Date.now() % 2 ** 31);
  const read: Options = {
    minutes: optional('minutes', false),
    seconds: optional('seconds'),
    seed: number('seed', seed, 0, true),
    clients: optional('clients'),
    workers: optional('workers'),
    output: oneOf('output', values.output, outputs),
    signal: oneOf('signal', values.signal, signals),
    killsPerSecond: number('kills-per-second', values['kills-per-second'], 0, false),
    unix: values.unix,
    poolArgs: values['pool-arg'],
  };
  if (read.minutes !== undefined && read.seconds !== undefined) {
    throw new UsageError('--minutes and --seconds exclude each other');
  }
  return read;
}
