import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Comparison, type Figure, maxLost, ourResult, ratio, typical } from './comparing.js';

/**
 * The worst that ours may be, in limits.json: workload → figure → system → limit of ours ÷ that system's; under ours' own
 * name, limit of the figure itself, in its unit. A limit is the largest value where lower is better, else the smallest.
 *
 *     { "W1": { "CPU": { "splice loop": 1.05, "socat": 0.3 }, "rate": { "socat": 1 } },
 *       "W4-10000": { "memory": { "procpool-native": 160 } } }
 *
 * What a limit names has to be measured, unless its workload is not in the run.
 */
export type Limits = Record<string, Record<string, Record<string, number>>>;

export function readLimits(): Limits {
  return JSON.parse(readFileSync(join(__dirname, 'limits.json'), 'utf8')) as Limits;
}

/** What ours falls short of, a line each. */
export function shortfalls(comparisons: Comparison[], limits: Limits): string[] {
  return comparisons.flatMap((comparison) => [
    ...defects(comparison),
    ...Object.entries(limits[comparison.id] ?? {}).flatMap(([figure, bySystem]) =>
      Object.entries(bySystem).flatMap(([system, limit]) => shortfall(comparison, figure, system, limit)),
    ),
  ]);
}

function defects(comparison: Comparison): string[] {
  const ours = ourResult(comparison);
  if (ours === undefined) return [];
  const lost = maxLost(ours);
  return [
    ...(ours.missing === undefined ? [] : [`${comparison.id}: ${ours.system}: ${ours.missing}`]),
    ...(lost === 0 ? [] : [`${comparison.id}: ${ours.system} lost ${lost} bytes`]),
  ];
}

function shortfall(comparison: Comparison, name: string, system: string, limit: number): string[] {
  const figure = comparison.figures.find((candidate) => candidate.name === name);
  const result = comparison.results.find(({ system: candidate }) => candidate === system);
  if (figure === undefined || result === undefined) {
    return [`${comparison.id}: limits.json has a limit for ${name} of ${system}, which is not measured`];
  }
  if (result.samples.length === 0) {
    return [`${comparison.id}: nothing to hold ${name} against: ${system} ${result.missing ?? 'has no samples'}`];
  }
  const isOurs = result.kind === 'ours';
  const value = isOurs ? typical(result, name) : ratio(comparison, result, name);
  return keeps(value, figure, limit)
    ? []
    : [
        `${comparison.id}: ${name} is ${value.toPrecision(3)} ${isOurs ? figure.unit : `× ${system}`}, ${wanted(figure, limit)}`,
      ];
}

function keeps(value: number, { better }: Figure, limit: number): boolean {
  return better === 'lower' ? value <= limit : value >= limit;
}

function wanted({ better }: Figure, limit: number): string {
  return better === 'lower' ? `may be ${limit} at most` : `has to be ${limit} at least`;
}
