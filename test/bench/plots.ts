import { barChart } from './bar_chart.js';
import { isUnderLoad, latencyChart } from './latency_chart.js';
import type { Run } from './results.js';

/** A chart for each workload, and one for W9's loads together, each with the name of its file. */
export function plots(runs: Run[]): { name: string; svg: string }[] {
  const comparisons = runs.flatMap((run) => run.comparisons);
  const loads = comparisons.filter(isUnderLoad);
  return [
    ...comparisons
      .filter((comparison) => !isUnderLoad(comparison))
      .map((comparison) => ({ name: `${comparison.id}.svg`, svg: barChart(comparison) })),
    ...(loads.length > 0 ? [{ name: 'W9.svg', svg: latencyChart(loads) }] : []),
  ];
}
