import { spawnSync, type SpawnSyncOptions } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { root } from '../helpers/cli.js';

export const prebuilt = `prebuilds/linux-${process.arch}`;
export const addon = `${prebuilt}/procpool-native.glibc.node`;
export const supervisor = `${prebuilt}/procpool-supervisor`;

// The modes are asserted, and npm takes the umask off those of what it unpacks.
process.umask(0o022);

/** The environment without the mark of an `npm run` around the tests, which leads npm back to this tree. */
export const env: NodeJS.ProcessEnv = { ...process.env, npm_config_local_prefix: undefined };

/** What a command may take, npm's downloads included. In ms. */
const timeout = 300_000;

/** Runs a command to its end and returns its stdout; fails with all it wrote. */
export function run(command: string, args: string[], options: SpawnSyncOptions = {}): string {
  const { status, error, stdout, stderr } = spawnSync(command, args, { env, timeout, ...options, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `${stdout}${stderr}`}`);
  return stdout;
}

/** Runs a command of the devDependencies. */
export function runTool(tool: string, args: string[], cwd: string = root): string {
  return run(join(root, 'node_modules', '.bin', tool), args, { cwd });
}

/** Packs the tree with its prebuilds into the folder; returns the tarball. */
export function pack(folder: string): string {
  if (!existsSync(join(root, supervisor))) throw new Error('nothing to pack yet: npm run build:prebuilds');
  run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const [tarball = ''] = readdirSync(folder);
  return join(folder, tarball);
}

/** Unpacks the tarball's files right into `target`. */
export function unpack(tarball: string, target: string): void {
  mkdirSync(target, { recursive: true });
  run('tar', ['-xzf', tarball, '--strip-components=1', '-C', target]);
}
