import { spawn, spawnSync, type StdioOptions } from 'node:child_process';
import type { TestContext } from 'node:test';

import { type Cli, cli, followCli } from './cli.js';
import { withoutLeakCheck } from './sanitizer.js';

/** A user to whom nothing belongs, for whom limits and permissions hold: a different one in each file of tests. */
export const nobody = 100_000 + process.pid;

export const asNobody = { uid: nobody, gid: nobody };

/** False if tests can run the command as nobody, otherwise why not: what node:test takes for `skip`. */
export const noNobody: string | false =
  process.getuid?.() === 0 && spawnSync(process.execPath, [cli, '--version'], asNobody).status === 0
    ? false
    : 'needs root, and a tree that everybody may read';

interface RunOptions {
  /** The command that runs it, e.g. with limits. */
  wrapper?: string[];
  cwd?: string;
}

/** Runs the command as nobody; after the test nothing of it may be left. */
export function runAsNobody(t: TestContext, args: string[], { wrapper = [], cwd }: RunOptions = {}): Cli {
  const [file = '', ...rest] = [...wrapper, process.execPath, cli, '--log-format', 'json', ...args];
  const stdio: StdioOptions = ['ignore', 'ignore', 'pipe'];
  const child = spawn(file, rest, { ...asNobody, cwd, stdio, env: withoutLeakCheck });
  return followCli(t, child);
}
