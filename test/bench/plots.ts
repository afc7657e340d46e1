import { init } from 'echarts';

import { type Comparison, typical } from './comparing.js';

const colours = { ours: '#2f6f4f', peer: '#8a8f98', limit: '#c9b458' };

/** Processor time per unit of each system, as an SVG. */
export function plot({ id, title, unit, results }: Comparison): string {
  const shown = results.filter(({ samples }) => samples.length > 0).toReversed();
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 640, height: 80 + 34 * shown.length });
  const scale = unit === 'GiB' ? 1e6 : 1e3;
  chart.setOption({
    animation: false,
    title: {
      text: `${id}: ${title}`,
      subtext: `processor time per ${unit}, ${unit === 'GiB' ? 'ms' : 'µs'}`,
      left: 'center',
    },
    grid: { left: 190, right: 60, top: 60, bottom: 10 },
    xAxis: { type: 'value', show: false },
    yAxis: { type: 'category', data: shown.map(({ system }) => system), axisTick: { show: false } },
    series: [
      {
        type: 'bar',
        data: shown.map((result) => ({
          value: Number((typical(result, 'cpuNs') / scale).toPrecision(3)),
          itemStyle: { color: colours[result.kind] },
        })),
        label: { show: true, position: 'right' },
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
