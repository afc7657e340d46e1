import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from '../helpers/cli.js';
import { type Comparison, maxLost, type Workload } from './comparing.js';
import { quartiles } from './median.js';
import { formatted } from './number.js';
import { UsageError } from './options.js';

/** A commit's files, built; they stay for the next run. @throws {UsageError} */
export function checkoutOf(commit: string): string {
  const found = spawnSync('git', ['-C', root, 'rev-parse', '--verify', '--quiet', `${commit}^{commit}`], {
    encoding: 'utf8',
  });
  if (found.status !== 0) throw new UsageError(`--against ${commit}: it is no commit`);
  const folder = join(root, 'build', 'against');
  const id = found.stdout.trim();
  const checkout = join(folder, id);
  if (existsSync(checkout)) return checkout;

  const unfinished = `${checkout}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const archive = execFileSync('git', ['-C', root, 'archive', id], { maxBuffer: 2 ** 30 });
  execFileSync('tar', ['-x', '-C', unfinished], { input: archive });
  const npm = (...args: string[]): Buffer =>
    execFileSync('npm', args, { cwd: unfinished, stdio: ['ignore', 'ignore', 'inherit'] });
  npm('ci', '--no-audit', '--no-fund', '--loglevel=error');
  npm('run', '-s', 'build:native');
  npm('run', '-s', 'build:lib');
  renameSync(unfinished, checkout);
  return checkout;
}

/** Ours, and ours of that checkout. @throws {UsageError} for a workload that does not start the command */
export function againstEarlier(workloads: Workload[], checkout: string): Workload[] {
  return workloads.map((workload) => {
    const contenders = workload.contenders.flatMap((contender) =>
      contender.kind === 'ours' && contender.earlier ? [contender, contender.earlier(checkout)] : [],
    );
    if (contenders.length === 0) throw new UsageError(`--against: ${workload.id} has nothing to compare, see --only`);
    return { ...workload, contenders };
  });
}

/** For each figure: both medians, and the median and quartiles of the ratios, round by round. */
export async function earlierReport(comparisons: Comparison[]): Promise<string> {
  const { markdownTable } = await import('markdown-table');
  const rows = comparisons.flatMap(({ id, figures, results }) => {
    const [ours, earlier] = results;
    if (ours === undefined || earlier === undefined) return [];
    const failed = ours.missing ?? earlier.missing;
    if (failed !== undefined) return [[id, failed]];
    return figures.map(({ name, unit }) => {
      const values = [ours, earlier].map(({ samples }) => samples.map((sample) => sample.figures[name] ?? Number.NaN));
      const [now = [], then = []] = values;
      const ratios = quartiles(now.map((value, round) => value / (then[round] ?? Number.NaN)));
      const medians = [now, then].map((each) => formatted(quartiles(each)[1]));
      return [id, `${name}, ${unit}`, ...medians, ...ratios.map(formatted), String(maxLost(ours))];
    });
  });
  const head = ['workload', 'figure', 'now', 'before', 'now ÷ before: 1st quartile', 'median', '3rd quartile', 'lost'];
  return markdownTable([head, ...rows]);
}
