import { colours, draw, ink, line, width } from './chart.js';
import { type Comparison, ourResult, typical } from './comparing.js';
import { formatted } from './number.js';

/** By the systems' order in the workload. */
const styles = [
  { color: colours.ours, width: 3, type: 'solid' },
  { color: colours.ours, width: 2, type: 'dashed' },
  { color: colours.baseline, width: 2, type: 'solid' },
  { color: colours.peer, width: 2, type: 'solid' },
  { color: colours.peer, width: 2, type: 'dashed' },
] as const;
const symbols = ['circle', 'emptyCircle', 'rect', 'triangle', 'diamond'] as const;

const panels = [
  { figure: 'p50', text: 'half of the messages arrive within … µs (p50)' },
  { figure: 'p99', text: '99 % arrive within … µs (p99)' },
  { figure: 'CPU', text: 'CPU of the system, µs per message' },
];
const panelTop = 102;
const panelHead = 44;
const panelHeight = 190;
const axisHeight = 40;

export function isUnderLoad({ id }: Comparison): boolean {
  return /^W9-\d+$/.test(id);
}

function percentOf({ id }: Comparison): number {
  return Number(id.slice('W9-'.length));
}

/** W9: latency, and what it is paid with, over the load. Each axis is logarithmic. */
export function latencyChart(loads: Comparison[]): string {
  const points = loads.toSorted((a, b) => percentOf(a) - percentOf(b));
  const systems = points[0]?.results.map(({ system }) => system) ?? [];
  const top = (index: number): number => panelTop + index * (panelHead + panelHeight + axisHeight);
  const loadOf = (comparison: Comparison): string => {
    const ours = ourResult(comparison);
    return `${percentOf(comparison)} %\n${formatted(ours === undefined ? Number.NaN : typical(ours, 'rate'))}/s`;
  };
  return draw('W9: latency of messages of 200 bytes, over the load', top(panels.length) + 10, {
    legend: { top: 36, left: 'center', width: width - 20, itemGap: 24, textStyle: { color: ink }, selectedMode: false },
    title: panels.map(({ text }, index) => ({
      text: `${text}: lower is better`,
      left: 'center',
      top: top(index) + 4,
      textStyle: { color: ink, fontSize: 12, fontWeight: 'normal' },
    })),
    grid: panels.map((_, index) => ({ left: 62, right: 24, top: top(index) + panelHead, height: panelHeight })),
    xAxis: panels.map((_, gridIndex) => ({
      type: 'category',
      gridIndex,
      data: points.map(loadOf),
      axisLabel: { color: ink, fontSize: 11 },
      axisLine: { lineStyle: { color: line } },
    })),
    yAxis: panels.map((_, gridIndex) => ({
      type: 'log',
      gridIndex,
      axisLabel: { color: ink, formatter: (value: number) => value.toLocaleString('en') },
      splitLine: { lineStyle: { color: line } },
    })),
    series: panels.flatMap(({ figure }, index) =>
      systems.map((system, order) => ({
        type: 'line' as const,
        name: system,
        silent: true,
        xAxisIndex: index,
        yAxisIndex: index,
        symbol: symbols[order] ?? 'circle',
        symbolSize: 7,
        lineStyle: styles[order] ?? {},
        itemStyle: { color: styles[order]?.color ?? ink },
        data: points.map(({ results }) => {
          const result = results.find((candidate) => candidate.system === system);
          return result === undefined || result.samples.length === 0 ? null : typical(result, figure);
        }),
        label: {
          show: order === 0,
          position: 'top' as const,
          color: ink,
          fontSize: 11,
          formatter: ({ value }: { value?: unknown }) => formatted(Number(value)),
        },
      })),
    ),
  });
}
