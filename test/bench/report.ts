import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

import { type Comparison, type Result, typical } from './comparing.js';
import { root } from '../helpers/cli.js';

/** Ours against another: below 1 ours costs less, above 1 ours is faster. */
export interface Ratios {
  system: string;
  kind: Result['kind'];
  cpu: number;
  rate: number;
}

export function ratios({ results }: Comparison): Ratios[] {
  const own = results.find(({ kind, samples }) => kind === 'ours' && samples.length > 0);
  if (own === undefined) return [];
  return results
    .filter((other) => other !== own && other.samples.length > 0)
    .map((other) => ({
      system: other.system,
      kind: other.kind,
      cpu: typical(own, 'cpuNs') / typical(other, 'cpuNs'),
      rate: typical(own, 'rate') / typical(other, 'rate'),
    }));
}

function best(all: Ratios[], kind: Result['kind'], figure: 'cpu' | 'rate'): number | undefined {
  const of = all.filter((one) => one.kind === kind).map((one) => one[figure]);
  if (of.length === 0) return undefined;
  return figure === 'cpu' ? Math.max(...of) : Math.min(...of);
}

function figure(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '–' : value.toPrecision(3);
}

function lost(result: Result): string {
  const most = Math.max(...result.samples.map((sample) => sample.lost));
  return most > 0 ? `loses ${most} bytes` : '';
}

export interface Machine {
  date: string;
  commit: string;
  kernel: string;
  processor: string;
  cores: number;
  memoryGiB: number;
  node: string;
}

export function machine(): Machine {
  const [first] = cpus();
  return {
    date: new Date().toISOString(),
    commit: execFileSync('git', ['-C', root, 'describe', '--always', '--dirty'], { encoding: 'utf8' }).trim(),
    kernel: release(),
    processor: first?.model ?? '',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
}

/** Ours against the limit and the best peer of each workload. */
function summary(comparisons: Comparison[]): string[][] {
  return [
    ['workload', 'CPU ÷ limit', 'CPU ÷ best peer', 'rate ÷ limit', 'rate ÷ best peer'],
    ...comparisons.map((comparison) => {
      const all = ratios(comparison);
      return [
        `${comparison.id}: ${comparison.title}`,
        figure(best(all, 'limit', 'cpu')),
        figure(best(all, 'peer', 'cpu')),
        figure(best(all, 'limit', 'rate')),
        figure(best(all, 'peer', 'rate')),
      ];
    }),
  ];
}

/** All systems of a workload, as multiples of ours. */
function details(comparison: Comparison): string[][] {
  const all = ratios(comparison);
  const rows = comparison.results
    .filter(({ kind }) => kind !== 'ours')
    .map((result) => {
      const one = all.find(({ system }) => system === result.system);
      return [result.system, figure(one && 1 / one.cpu), figure(one && 1 / one.rate), result.missing ?? lost(result)];
    });
  return [[`${comparison.id}: ${comparison.title}`, 'CPU ÷ ours', 'rate ÷ ours', ''], ...rows];
}

/** All of it in Markdown. */
export async function tables(comparisons: Comparison[]): Promise<string> {
  const { markdownTable } = await import('markdown-table');
  return [summary(comparisons), ...comparisons.map(details)].map((table) => markdownTable(table)).join('\n\n');
}
