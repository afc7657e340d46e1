import { type Comparison, type Figure, maxLost, ourResult, ratio, type Result, typical } from './comparing.js';
import { describe } from './machine.js';
import { formatted } from './number.js';
import type { Run } from './results.js';

/** Ours as a multiple of the best of that kind: of the one that is hardest to beat. */
function againstBest(comparison: Comparison, { name, better }: Figure, kind: Result['kind']): number {
  const ratios = comparison.results
    .filter((result) => result.kind === kind && result.samples.length > 0)
    .map((result) => ratio(comparison, result, name));
  if (ratios.length === 0) return Number.NaN;
  return better === 'lower' ? Math.max(...ratios) : Math.min(...ratios);
}

/** Ours, and against the best baseline and the best peer of each workload. */
function summary(comparisons: Comparison[]): string[][] {
  const rows = comparisons.flatMap((comparison) =>
    comparison.figures.map((figure, index) => {
      const ours = ourResult(comparison);
      return [
        index === 0 ? `${comparison.id}: ${comparison.title}` : '',
        `${figure.name}, ${figure.unit}`,
        formatted(ours === undefined ? Number.NaN : typical(ours, figure.name)),
        formatted(againstBest(comparison, figure, 'baseline')),
        formatted(againstBest(comparison, figure, 'peer')),
      ];
    }),
  );
  return [['workload', 'figure', 'ours', 'ours ÷ best baseline', 'ours ÷ best peer'], ...rows];
}

function remarks(result: Result): string {
  const lost = maxLost(result);
  const notes = result.samples.flatMap(({ note }) => note ?? []);
  return [
    ...(result.missing === undefined ? [] : [result.missing]),
    ...(lost > 0 ? [`loses ${formatted(lost)} bytes`] : []),
    ...new Set(notes),
  ].join('; ');
}

/** All contenders of a workload: ours, and the others as multiples of ours. */
function details(comparison: Comparison): string[][] {
  const ours = ourResult(comparison);
  const rows = comparison.results.map((result) => {
    const values = comparison.figures.map(({ name, unit }) =>
      result === ours ? `${formatted(typical(result, name))} ${unit}` : formatted(1 / ratio(comparison, result, name)),
    );
    return [result.system, ...values, remarks(result)];
  });
  const heads = comparison.figures.map(({ name }) => `${name} ÷ ours`);
  return [[`${comparison.id}: ${comparison.title}`, ...heads, ''], ...rows];
}

/** How a run came about; which workloads it had, if there are others. */
function origin({ machine, rounds, comparisons }: Run, isOnly: boolean): string {
  const ids = isOnly ? '' : `${comparisons.map(({ id }) => id).join(', ')}: `;
  return `${ids}medians of ${rounds} rounds, ${describe(machine)}.`;
}

const byId = (a: Comparison, b: Comparison): number => a.id.localeCompare(b.id, 'en', { numeric: true });

/** All of it in Markdown: the summary, the runs' origins, then a table for each workload. */
export async function report(runs: Run[]): Promise<string> {
  const { markdownTable } = await import('markdown-table');
  const comparisons = runs.flatMap((run) => run.comparisons).toSorted(byId);
  const origins = runs.map((run) => `- ${origin(run, runs.length === 1)}`).join('\n');
  const tables = comparisons.map((comparison) => markdownTable(details(comparison)));
  return [markdownTable(summary(comparisons)), origins, ...tables].join('\n\n');
}
