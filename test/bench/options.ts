import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { root } from '../helpers/cli.js';

/** The command line, see bench.ts. */
export interface Options {
  quick: boolean;
  check: boolean;
  /** What an id begins with. */
  only: string[];
  rounds: number;
  keep: boolean;
  redraw: boolean;
  /** A commit to measure beside this one. */
  against?: string | undefined;
  out: string;
}

/** The message names the option and its value. */
export class UsageError extends Error {}

const maxRounds = 100;

const options = {
  quick: { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
  only: { type: 'string', default: 'W' },
  rounds: { type: 'string' },
  keep: { type: 'boolean', default: false },
  redraw: { type: 'boolean', default: false },
  against: { type: 'string' },
  out: { type: 'string', default: join(root, 'build', 'bench') },
} as const;

function parsed(): ReturnType<typeof parseArgs<{ options: typeof options }>>['values'] {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw new UsageError(`${process.argv.slice(2).join(' ')}: ${reason}`, { cause: error });
  }
}

/** @throws {UsageError} */
export function readOptions(): Options {
  const values = parsed();
  const given = values.rounds ?? (values.quick ? '2' : '5');
  const rounds = /^\d+$/.test(given) ? Number(given) : 0;
  if (rounds < 1 || rounds > maxRounds) {
    throw new UsageError(`--rounds ${given}: it has to be a whole number from 1 to ${maxRounds}`);
  }
  return { ...values, only: values.only.split(','), rounds };
}

/** What `only` asks for. @throws {UsageError} if a part of it stands for nothing */
export function chosen<T extends { id: string }>(workloads: T[], only: string[]): T[] {
  const unknown = only.find((prefix) => prefix === '' || !workloads.some(({ id }) => id.startsWith(prefix)));
  if (unknown !== undefined) {
    const ids = workloads.map(({ id }) => id).join(', ');
    throw new UsageError(`--only ${only.join(',')}: no workload begins with '${unknown}'; there are ${ids}`);
  }
  return workloads.filter(({ id }) => only.some((prefix) => id.startsWith(prefix)));
}
