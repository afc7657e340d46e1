import { colours, draw, ink, line } from '../bench/chart.js';
import type { Sampler } from './samples.js';

const panelTop = 40;
const panelHead = 40;
const panelHeight = 150;
const axisHeight = 40;

/** Memory, descriptors and stalls over time. */
export function plot(title: string, { samples, stalls }: Sampler): string {
  const panels = [
    { text: 'memory of the pool, MiB (sum of PSS)', data: samples.map((at) => [at.second, at.memory / 2 ** 20]) },
    { text: 'open descriptors of the pool', data: samples.map((at) => [at.second, at.descriptors]) },
    { text: 'longest stall of a client in half a second, ms', data: stalls.map((at) => [at.second, at.stallMs]) },
  ];
  const top = (index: number): number => panelTop + index * (panelHead + panelHeight + axisHeight);
  return draw(title, top(panels.length) + 10, {
    title: panels.map(({ text }, index) => ({
      text,
      left: 'center',
      top: top(index) + 8,
      textStyle: { color: ink, fontSize: 12, fontWeight: 'normal' as const },
    })),
    grid: panels.map((_, index) => ({ left: 62, right: 24, top: top(index) + panelHead, height: panelHeight })),
    xAxis: panels.map((_, gridIndex) => ({
      type: 'value' as const,
      gridIndex,
      axisLabel: { color: ink, fontSize: 11, formatter: (second: number) => `${second} s` },
      splitLine: { show: false },
    })),
    yAxis: panels.map((_, gridIndex) => ({
      type: 'value' as const,
      gridIndex,
      min: 0,
      axisLabel: { color: ink, formatter: (value: number) => value.toLocaleString('en') },
      splitLine: { lineStyle: { color: line } },
    })),
    series: panels.map(({ data }, index) => ({
      type: 'line' as const,
      silent: true,
      showSymbol: false,
      xAxisIndex: index,
      yAxisIndex: index,
      lineStyle: { color: colours.ours, width: 1 },
      data,
    })),
  });
}
