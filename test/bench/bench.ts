/**
 * Ours, its peers and the limits, in turns: `npm run bench`. See README.
 *
 *     --quick            fits a CI job
 *     --check            exits 1 where a ratio is worse than its floor in floors.json, or bytes are lost
 *     --only W1,W3       only workloads that begin so
 *     --rounds N         how often (5, quick 3)
 *     --out FOLDER       where results.json, results.md and the plots go (build/bench)
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { root } from '../helpers/cli.js';
import { type Comparison, compare, measure, measureRequests } from './comparing.js';
import { plot } from './plots.js';
import { machine, ratios, tables } from './report.js';
import { isHere, type System } from './systems.js';
import { full, quick, requests, workloads } from './workloads.js';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    rounds: { type: 'string' },
    out: { type: 'string', default: join(root, 'build', 'bench') },
  },
});

const rounds = Number(values.rounds ?? (values.quick ? 3 : 5));
const prefixes = values.only.split(',');
const wanted = ({ id }: { id: string }): boolean => prefixes.some((prefix) => id.startsWith(prefix));

/** The most that ours may cost, as a multiple of the other's processor time. */
type Floors = Record<string, Record<string, number>>;

/** What ours falls short of. */
function shortfalls(comparisons: Comparison[], floors: Floors): string[] {
  return comparisons.flatMap((comparison) => {
    const own = comparison.results.find(({ kind }) => kind === 'ours');
    const lost = Math.max(0, ...(own?.samples.map((sample) => sample.lost) ?? []));
    const worse = ratios(comparison)
      .filter(({ system, cpu }) => cpu > (floors[comparison.id]?.[system] ?? Infinity))
      .map(({ system, cpu }) => `${comparison.id}: costs ${cpu.toFixed(2)} times what ${system} does`);
    return [
      ...worse,
      ...(lost > 0 ? [`${comparison.id}: lost ${lost} bytes`] : []),
      ...(own?.missing === undefined ? [] : [`${comparison.id}: ${own.missing}`]),
    ];
  });
}

async function main(): Promise<void> {
  const { default: ora } = await import('ora');
  const progress = ora({ stream: process.stderr }).start();
  const say = (text: string): void => {
    progress.text = text;
  };
  const comparisons: Comparison[] = [];
  for (const workload of workloads(values.quick ? quick : full).filter(wanted)) {
    comparisons.push(await compare(workload, rounds, (system: System) => measure(workload, system), say));
  }
  if (wanted(requests)) {
    const seconds = values.quick ? 2 : 5;
    if (isHere('wrk')) {
      comparisons.push(await compare(requests, rounds, (system) => measureRequests(seconds, system), say));
    } else {
      console.log('W5 needs wrk, of the Debian package wrk');
    }
  }
  progress.stop();

  mkdirSync(values.out, { recursive: true });
  const markdown = await tables(comparisons);
  writeFileSync(join(values.out, 'results.json'), JSON.stringify({ machine: machine(), rounds, comparisons }, null, 2));
  writeFileSync(join(values.out, 'results.md'), `${markdown}\n`);
  for (const comparison of comparisons) writeFileSync(join(values.out, `${comparison.id}.svg`), plot(comparison));
  console.log(markdown);

  const floors = JSON.parse(readFileSync(join(__dirname, 'floors.json'), 'utf8')) as Floors;
  const failures = values.check ? shortfalls(comparisons, floors) : [];
  for (const failure of failures) console.error(failure);
  if (failures.length > 0) process.exitCode = 1;
}

void main();
