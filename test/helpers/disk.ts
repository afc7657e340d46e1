import { spawn, spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';

import { after } from './after.js';
import { temporaryFolder } from './files.js';
import { once } from './within.js';

/** False if smallDisk() works here, otherwise why not: what node:test takes for `skip`. */
export const noMounts: string | false =
  spawnSync('unshare', ['--mount', 'true']).status !== 0 && 'needs unshare(1) and its permission';

/** The folder of a disk of that size, e.g. `1m`, in a mount namespace that ends with the test. */
export async function smallDisk(t: TestContext, size: string): Promise<string> {
  const folder = temporaryFolder(t);
  const script = 'mount -t tmpfs -o "size=$1" none "$0" && echo mounted && exec cat';
  const command = ['--mount', 'sh', '-c', script, folder, size];
  const holder = spawn('unshare', command, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(holder, 'exit');
  after(t, async () => {
    holder.stdin.end();
    await exited;
  });
  await once(holder.stdout, 'data');
  return `/proc/${holder.pid}/root${folder}`;
}
