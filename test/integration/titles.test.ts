import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Cli, runCli, startCli } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/files.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';

/** The longest path that an address of a Unix socket takes, unix(7). */
const longestPath = 107;

/** What /proc/PID/cmdline holds: each argument, and a NUL after it. */
function commandLineOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
}

function assertTitles(pool: Cli, address: string, workers: number): void {
  const numbers = Array.from({ length: workers }, (_, number) => number);
  assert.deepEqual(
    [commandLineOf(pool.supervisor), ...numbers.map((number) => commandLineOf(pool.worker(number)))],
    [`procpool-native: supervisor ${address}\0`, ...numbers.map((number) => `procpool-native: worker ${number}\0`)],
  );
}

test('the command lines of a pool’s processes say what each is, and where the pool listens', async (t) => {
  const pool = await startCli(t, ['--workers', '11']);
  assertTitles(pool, `127.0.0.1:${pool.tcp}`, 11);
  await pool.stopInOrder();
});

test('the supervisor of a pool that listens everywhere names the address of IPv6', async (t) => {
  const pool = runCli(t, ['--port', '0', '--workers', '2']);
  const port = await pool.port();
  assertTitles(pool, `[::]:${port}`, 2);
  await pool.stopInOrder();
});

test('the supervisor of a pool at a Unix socket names its path, however long', async (t) => {
  const folder = temporaryFolder(t);
  for (const path of [join(folder, 's'), join(folder, 'p'.repeat(longestPath - folder.length - 1))]) {
    const pool = await startCli(t, ['--workers', '2'], { path });
    assertTitles(pool, path, 2);
    await pool.stopInOrder();
  }
});

for (const plan of ['restart', 'takeover']) {
  test(`a worker that replaces another has its command line: ${plan}`, async (t) => {
    const pool = await startCli(t, ['--workers', '2', '--on-death', plan]);
    const killed = pool.worker(1);
    process.kill(killed, 'SIGKILL');
    await until('replaced', () => pool.worker(1) !== killed);
    assertTitles(pool, `127.0.0.1:${pool.tcp}`, 2);
    await pool.stopInOrder();
  });
}
