import { type EChartsOption, init } from 'echarts';

/** Wide enough for the names, narrow enough for two side by side, or one on a phone. */
export const width = 440;

/** On a light page; {@link dark} has those of a dark one. */
export const ink = '#1f2328';
export const line = '#d1d9e0';
const paper = '#ffffff';

/** Readable on both. */
export const colours = { ours: '#1a7f5a', peer: '#8b949e', baseline: '#bf8700' };
export const kinds = { ours: 'procpool-native', peer: 'peers', baseline: 'baselines (minimal loops)' };

const dark = { [ink]: '#e6edf3', [line]: '#3d444d', [paper]: '#0d1117' };

/** An image cannot know the page's colours, so it has a ground of its own; browsers ask it for the user's preference. */
const style = `<style>@media (prefers-color-scheme: dark) {${Object.entries(dark)
  .map(([from, to]) => `[fill="${from}"] { fill: ${to} } [stroke="${from}"] { stroke: ${to} }`)
  .join(' ')}}</style>`;

/** Lines of text of about this many characters fit beside each other. */
const titleCharacters = 44;

export function titleLines(title: string): number {
  return Math.ceil(title.length / titleCharacters);
}

export function draw(title: string, height: number, option: EChartsOption): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  const { title: titles, ...rest } = option;
  chart.setOption({
    animation: false,
    backgroundColor: paper,
    textStyle: { fontFamily: 'system-ui, sans-serif', color: ink },
    title: [
      {
        text: title,
        left: 'center',
        top: 10,
        textStyle: { color: ink, fontSize: 13, width: 350, overflow: 'break' },
      },
      ...[titles ?? []].flat(),
    ],
    ...rest,
  });
  const svg = chart.renderToSVGString({ useViewBox: true });
  chart.dispose();
  // The names of classes are numbered through all charts, and only an interactive chart needs them.
  const still = svg.replace(/ class="[^"]*"/g, '').replace(/<style[^]*?<\/style>\s*/g, '');
  return `${still.replace(/<svg[^>]*>/, `$&${style}`)}\n`;
}
