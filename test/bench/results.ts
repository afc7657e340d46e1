import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Comparison } from './comparing.js';
import type { Machine } from './machine.js';
import { plots } from './plots.js';
import { report } from './report.js';

/** Workloads that were measured together. */
export interface Run {
  machine: Machine;
  rounds: number;
  comparisons: Comparison[];
}

const file = (folder: string): string => join(folder, 'results.json');

export function readRuns(folder: string): Run[] {
  return existsSync(file(folder)) ? (JSON.parse(readFileSync(file(folder), 'utf8')) as Run[]) : [];
}

/** The runs, each without the workloads that `comparisons` has anew. */
export function without(runs: Run[], comparisons: Comparison[]): Run[] {
  const ids = new Set(comparisons.map(({ id }) => id));
  return runs
    .map((run) => ({ ...run, comparisons: run.comparisons.filter(({ id }) => !ids.has(id)) }))
    .filter((run) => run.comparisons.length > 0);
}

/** Writes results.json, results.md and the plots; returns the Markdown. */
export async function writeRuns(folder: string, runs: Run[]): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const markdown = await report(runs);
  writeFileSync(file(folder), `${JSON.stringify(runs, null, 2)}\n`);
  writeFileSync(join(folder, 'results.md'), `${markdown}\n`);
  for (const { name, svg } of plots(runs)) writeFileSync(join(folder, name), svg);
  return markdown;
}
