import { type Comparison, type Figure, mostLost, ownResult, ratio, type Result, typical } from './comparing.js';

function number(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

/** Ours as a multiple of the best of that kind: of the one that is hardest to beat. */
function againstBest(comparison: Comparison, { name, better }: Figure, kind: Result['kind']): number {
  const all = comparison.results
    .filter((result) => result.kind === kind && result.samples.length > 0)
    .map((result) => ratio(comparison, result, name));
  if (all.length === 0) return Number.NaN;
  return better === 'lower' ? Math.max(...all) : Math.min(...all);
}

/** Ours, and against the limit and the best peer of each workload. */
function summary(comparisons: Comparison[]): string[][] {
  const rows = comparisons.flatMap((comparison) =>
    comparison.figures.map((figure, index) => {
      const own = ownResult(comparison);
      return [
        index === 0 ? `${comparison.id}: ${comparison.title}` : '',
        `${figure.name}, ${figure.unit}`,
        number(own === undefined ? Number.NaN : typical(own, figure.name)),
        number(againstBest(comparison, figure, 'limit')),
        number(againstBest(comparison, figure, 'peer')),
      ];
    }),
  );
  return [['workload', 'figure', 'ours', 'ours ÷ limit', 'ours ÷ best peer'], ...rows];
}

function remarks(result: Result): string {
  const lost = mostLost(result);
  const notes = result.samples.flatMap(({ note }) => note ?? []);
  return [
    ...(result.missing === undefined ? [] : [result.missing]),
    ...(lost > 0 ? [`loses ${lost} bytes`] : []),
    ...new Set(notes),
  ].join('; ');
}

/** All contenders of a workload: ours, and the others as multiples of ours. */
function details(comparison: Comparison): string[][] {
  const rows = comparison.results.map((result) => {
    const values = comparison.figures.map(({ name, unit }) =>
      result.kind === 'ours' ? `${number(typical(result, name))} ${unit}` : number(1 / ratio(comparison, result, name)),
    );
    return [result.system, ...values, remarks(result)];
  });
  const heads = comparison.figures.map(({ name }) => `${name} ÷ ours`);
  return [[`${comparison.id}: ${comparison.title}`, ...heads, ''], ...rows];
}

/** All of it in Markdown. */
export async function tables(comparisons: Comparison[]): Promise<string> {
  const { markdownTable } = await import('markdown-table');
  return [summary(comparisons), ...comparisons.map(details)].map((table) => markdownTable(table)).join('\n\n');
}
