/**
 * Kills workers under load and verifies every byte of every client: `npm run chaos`. See README.
 *
 *     (nothing)               a minute: every output with every signal, for some seconds each
 *     --minutes M             random phases for so long, and a plot in build/chaos
 *     --seconds S             one phase of that length, and the plot
 *     --seed N                the same choices again
 *     --clients N  --workers N  --output pipe|slow-pipe|file|append  --signal KILL|SEGV|STOP|mixed
 *     --kills-per-second K    10; 0 kills nobody
 *     --unix                  over a Unix socket
 *     --pool-arg X            an argument for the command, repeatable: --pool-arg=--worker-timeout=1s
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from '../helpers/cli.js';
import { type Options, readOptions, UsageError } from './options.js';
import { matrix, type Phase, randomPhase } from './phases.js';
import { describe, failuresOf, summary } from './report.js';
import { type Outcome, runPhase } from './run_phase.js';
import { plot } from './plot.js';
import { Sampler } from './samples.js';

function* phasesOf(options: Options): Generator<Phase, void> {
  if (options.seconds !== undefined) {
    yield randomPhase(options, 0);
  } else if (options.minutes === undefined) {
    yield* matrix(options);
  } else {
    const end = Date.now() + options.minutes * 60_000;
    for (let index = 0; Date.now() < end; index++) yield randomPhase(options, index);
  }
}

function writePlot(title: string, sampler: Sampler, outcomes: Outcome[]): void {
  const folder = join(root, 'build', 'chaos');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'chaos.svg'), plot(title, sampler));
  writeFileSync(join(folder, 'outcomes.json'), `${JSON.stringify(outcomes, null, 2)}\n`);
  console.log(`plot: ${join(folder, 'chaos.svg')}`);
}

async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  try {
    const options = readOptions(process.argv.slice(2));
    const sampler = new Sampler();
    const outcomes: Outcome[] = [];
    for (const phase of phasesOf(options)) {
      const outcome = await runPhase(phase, sampler);
      outcomes.push(outcome);
      console.log(describe(outcome));
      if (failuresOf(outcome).length > 0) process.exitCode = 1;
    }
    console.log(summary(options.seed, outcomes));
    if (options.minutes !== undefined || options.seconds !== undefined) {
      writePlot(`chaos, seed ${options.seed}`, sampler, outcomes);
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}

void main();
