import { type EChartsOption, init } from 'echarts';

import { type Comparison, typical } from './comparing.js';

const colours = { ours: '#2f6f4f', peer: '#8a8f98', limit: '#c9b458' };
const headHeight = 40;
const panelHead = 34;
const barHeight = 34;

/** What each contender came to, as an SVG with a panel for each figure. */
export function plot({ id, title, figures, results }: Comparison): string {
  const shown = results.filter(({ samples }) => samples.length > 0).toReversed();
  const panelHeight = panelHead + barHeight * shown.length;
  const height = headHeight + panelHeight * figures.length + 10;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 640, height });
  const panels = figures.map(({ name, unit, better }, index) => ({
    top: headHeight + index * panelHeight,
    text: `${name}, ${unit}: ${better} is better`,
    data: shown.map((result) => ({
      value: Number(typical(result, name).toPrecision(3)),
      itemStyle: { color: colours[result.kind] },
    })),
  }));
  const option: EChartsOption = {
    animation: false,
    title: [
      { text: `${id}: ${title}`, left: 'center' },
      ...panels.map(({ top, text }) => ({
        text,
        left: 'center',
        top: top + 4,
        textStyle: { fontSize: 13, fontWeight: 'normal' as const },
      })),
    ],
    grid: panels.map(({ top }) => ({
      left: 190,
      right: 80,
      top: top + panelHead,
      height: panelHeight - panelHead,
    })),
    xAxis: panels.map((_, gridIndex) => ({ type: 'value' as const, show: false, gridIndex })),
    yAxis: panels.map((_, gridIndex) => ({
      type: 'category' as const,
      data: shown.map(({ system }) => system),
      axisTick: { show: false },
      gridIndex,
    })),
    series: panels.map(({ data }, index) => ({
      type: 'bar' as const,
      xAxisIndex: index,
      yAxisIndex: index,
      data,
      label: { show: true, position: 'right' as const },
    })),
  };
  chart.setOption(option);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
