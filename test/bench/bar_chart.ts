import type { SeriesOption } from 'echarts';

import { colours, draw, ink, kinds, titleLines, width } from './chart.js';
import { type Comparison, type Figure, type Result, typical } from './comparing.js';
import { formatted } from './number.js';

const barHeight = 26;
const panelHead = 32;
const namesWidth = 176;
const numbersWidth = 72;

interface Bar {
  name: string;
  kind: Result['kind'];
  value: number;
}

/** The best first. */
function barsOf(results: Result[], { name, better }: Figure): Bar[] {
  return results
    .filter(({ samples }) => samples.length > 0)
    .map((result) => ({ name: result.system, kind: result.kind, value: typical(result, name) }))
    .toSorted((a, b) => (better === 'lower' ? a.value - b.value : b.value - a.value));
}

/** A series for each kind, which the legend names; the bars of other kinds are left out of it. */
function series(bars: Bar[], index: number): SeriesOption[] {
  return (Object.keys(kinds) as Result['kind'][])
    .filter((kind) => bars.some((bar) => bar.kind === kind))
    .map((kind) => ({
      type: 'bar',
      name: kinds[kind],
      stack: `panel ${index}`,
      silent: true,
      barWidth: 16,
      xAxisIndex: index,
      yAxisIndex: index,
      itemStyle: { color: colours[kind] },
      data: bars.map((bar) => (bar.kind === kind ? bar.value : null)),
      label: { show: true, position: 'right', color: ink, formatter: ({ value }) => formatted(Number(value)) },
    }));
}

/** What each contender came to: a panel for each figure. */
export function barChart({ id, title, figures, results }: Comparison): string {
  const text = `${id}: ${title}`;
  const top = 46 + 18 * titleLines(text);
  let end = top;
  const panels = figures.map((figure) => {
    const bars = barsOf(results, figure);
    const panel = { figure, bars, top: end, height: barHeight * bars.length };
    end += panelHead + panel.height;
    return panel;
  });
  return draw(text, end + 10, {
    legend: {
      top: top - 28,
      itemHeight: 10,
      itemWidth: 14,
      itemGap: 28,
      textStyle: { color: ink },
      selectedMode: false,
    },
    title: panels.map(({ figure: { name, unit, better }, top }) => ({
      text: `${name}, ${unit} (${better} is better)`,
      left: 'center',
      top: top + 6,
      textStyle: { color: ink, fontSize: 12, fontWeight: 'normal' },
    })),
    grid: panels.map(({ top, height }) => ({
      left: namesWidth,
      top: top + panelHead,
      width: width - namesWidth - numbersWidth,
      height,
    })),
    xAxis: panels.map((_, gridIndex) => ({ type: 'value', show: false, gridIndex })),
    yAxis: panels.map(({ bars }, gridIndex) => ({
      type: 'category',
      inverse: true,
      gridIndex,
      data: bars.map(({ name, kind }) => ({
        value: name,
        textStyle: { color: ink, fontSize: 12, fontWeight: kind === 'ours' ? 'bold' : 'normal' },
      })),
      axisLine: { show: false },
      axisTick: { show: false },
    })),
    series: panels.flatMap(({ bars }, index) => series(bars, index)),
  });
}
