/**
 * Ours, its peers and the baselines, in turns: `npm run bench`. See README.
 *
 *     --quick            fits a CI job
 *     --check            exits 1 where ours is worse than limits.json allows, or loses bytes
 *     --only W1,W3       only workloads that begin so
 *     --rounds N         how often (5, quick 2)
 *     --out FOLDER       where results.json, results.md and the plots go (build/bench)
 *     --keep             keeps what FOLDER has of other workloads
 *     --redraw           measures nothing: writes results.md and the plots anew from FOLDER's results.json
 *     --against COMMIT   only this tree and that commit, which is built in build/against: how a change is judged
 */
import { againstEarlier, checkoutOf, earlierReport } from './against.js';
import { compare, type Comparison, type Workload } from './comparing.js';
import { readLimits, shortfalls } from './limits.js';
import { machine } from './machine.js';
import { chosen, type Options, readOptions, UsageError } from './options.js';
import { missing } from './programs.js';
import { readRuns, without, writeRuns } from './results.js';
import { full, quick, workloads } from './workloads.js';

/** Adds each comparison to `measured` as soon as it is made. */
async function compareAll(wanted: Workload[], rounds: number, measured: Comparison[]): Promise<Comparison[]> {
  const { default: ora } = await import('ora');
  const progress = ora({ stream: process.stderr }).start();
  const comparisons: Comparison[] = [];
  for (const workload of wanted) {
    const comparison = await compare(workload, rounds, (text) => {
      progress.text = text;
    });
    comparisons.push(comparison);
    measured.push(comparison);
  }
  progress.stop();
  return comparisons;
}

async function measure({ quick: isQuick, only, rounds, check, keep, out }: Options): Promise<void> {
  const kept = keep ? readRuns(out) : [];
  const measured = kept.flatMap((run) => run.comparisons);
  const wanted = chosen(workloads(isQuick ? quick : full, measured), only);
  const needed = wanted.flatMap(({ contenders }) => contenders.flatMap(({ needs = [] }) => needs));
  for (const program of missing(needed)) {
    console.error(`${program.name} is missing, of the Debian package ${program.package}`);
  }
  const where = machine(needed);
  const comparisons = await compareAll(wanted, rounds, measured);
  console.log(await writeRuns(out, [...without(kept, comparisons), { machine: where, rounds, comparisons }]));

  const failures = check ? shortfalls(comparisons, readLimits()) : [];
  for (const failure of failures) console.error(failure);
  if (failures.length > 0) process.exitCode = 1;
}

async function judge(commit: string, { quick: isQuick, only, rounds }: Options): Promise<void> {
  const checkout = checkoutOf(commit);
  const wanted = againstEarlier(chosen(workloads(isQuick ? quick : full, []), only), checkout);
  console.log(await earlierReport(await compareAll(wanted, rounds, [])));
}

async function main(): Promise<void> {
  try {
    const options = readOptions();
    if (options.against !== undefined) await judge(options.against, options);
    else if (options.redraw) await writeRuns(options.out, readRuns(options.out));
    else await measure(options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}

void main();
