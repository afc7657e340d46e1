/**
 * Ours, its peers and the limits, in turns: `npm run bench`. See README.
 *
 *     --quick            fits a CI job
 *     --check            exits 1 where ours is worse than floors.json allows, or loses bytes
 *     --only W1,W3       only workloads that begin so
 *     --rounds N         how often (5, quick 2)
 *     --out FOLDER       where results.json, results.md and the plots go (build/bench)
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { compare, type Comparison, type Workload } from './comparing.js';
import { readFloors, shortfalls } from './floors.js';
import { described, type Machine, machine } from './machine.js';
import { chosen, type Options, readOptions } from './options.js';
import { plot } from './plots.js';
import { missing } from './programs.js';
import { tables } from './report.js';
import { full, quick, workloads } from './workloads.js';

async function compareAll(wanted: Workload[], rounds: number, comparisons: Comparison[]): Promise<void> {
  const { default: ora } = await import('ora');
  const progress = ora({ stream: process.stderr }).start();
  for (const workload of wanted) {
    comparisons.push(
      await compare(workload, rounds, (text) => {
        progress.text = text;
      }),
    );
  }
  progress.stop();
}

async function write(comparisons: Comparison[], { rounds, out }: Options, where: Machine): Promise<void> {
  mkdirSync(out, { recursive: true });
  const markdown = `${await tables(comparisons)}\n\nMedians of ${rounds} rounds. ${described(where)}.`;
  writeFileSync(join(out, 'results.json'), JSON.stringify({ machine: where, rounds, comparisons }, null, 2));
  writeFileSync(join(out, 'results.md'), `${markdown}\n`);
  for (const comparison of comparisons) writeFileSync(join(out, `${comparison.id}.svg`), plot(comparison));
  console.log(markdown);
}

async function main(): Promise<void> {
  const comparisons: Comparison[] = [];
  let options: Options;
  let wanted: Workload[];
  try {
    options = readOptions();
    wanted = chosen(workloads(options.quick ? quick : full, comparisons), options.only);
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 2;
    return;
  }
  const needed = wanted.flatMap(({ contenders }) => contenders.flatMap(({ needs = [] }) => needs));
  for (const program of missing(needed)) {
    console.error(`${program.name} is missing, of the Debian package ${program.package}`);
  }
  const where = machine(needed);
  await compareAll(wanted, options.rounds, comparisons);
  await write(comparisons, options, where);

  const failures = options.check ? shortfalls(comparisons, readFloors()) : [];
  for (const failure of failures) console.error(failure);
  if (failures.length > 0) process.exitCode = 1;
}

void main();
