import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { startCli } from '../helpers/cli.js';
import { client, write } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { statOf } from '../helpers/processes.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';

const mebibyte = 2 ** 20;

test('a client that sends without end does not keep another waiting longer than for its share of a round', async (t) => {
  const path = join(temporaryFolder(t), 'out');
  const stdout = openSync(path, 'w');
  const pool = await startCli(t, ['--workers', '1', '--log-level', 'debug'], { stdout });
  closeSync(stdout);
  const [flood, other] = [await client(pool.tcp), await client(pool.tcp)];
  await until('accepted', () => pool.all('connect').length === 2);
  const worker = pool.worker(0);
  process.kill(worker, 'SIGSTOP');
  await until('stopped', () => statOf(worker)?.state === 'T');
  // Both wait for the worker, the one with more than its share.
  flood.write(Buffer.alloc(64 * mebibyte, 'x'));
  await write(other, 'o');
  process.kill(worker, 'SIGCONT');
  const before = await until('the other is served', () => {
    const at = readFileSync(path).indexOf('o');
    return at < 0 ? undefined : at;
  });
  // The read that completes the share may go beyond it.
  assert.ok(before < 1.25 * mebibyte, `${before} bytes came before`);
  for (const socket of [flood, other]) socket.on('error', () => undefined).destroy();
});
