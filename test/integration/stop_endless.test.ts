import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { startCli, startInGroup } from '../helpers/cli.js';
import { clientsThatSent, endlessClient } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { once, piecesOf } from '../helpers/within.js';

test('a client that sends without end prolongs no stop, however slowly the output is read', async (t) => {
  const pool = await startInGroup(t, ['--workers', '1', '--log-level', 'debug']);
  await endlessClient(pool.tcp);
  await pool.logged('stall');
  const reader = (async (): Promise<number> => {
    let bytes = 0;
    for await (const chunk of piecesOf(pool.stdout)) {
      bytes += chunk.length;
      // Some 20 MB/s.
      await wait(3);
    }
    return bytes;
  })();
  pool.child.kill('SIGTERM');
  await pool.logged('drain');
  assert.deepEqual(await pool.exited, { code: 0, signal: null });
  assert.ok((await reader) > 0);
  assert.deepEqual(pool.all('expire'), []);
});

test('a file that several workers append to: clients that send without end prolong no stop', async (t) => {
  // In memory, where there is such a folder: no disk slows the workers down.
  const folder = temporaryFolder(t, existsSync('/dev/shm') ? '/dev/shm' : tmpdir());
  const descriptor = openSync(join(folder, 'out'), 'a');
  const pool = await startInGroup(t, ['--workers', '4'], { stdout: descriptor });
  closeSync(descriptor);
  for (let count = 0; count < 8; count++) await endlessClient(pool.tcp);
  await pool.stopInOrder();
  assert.deepEqual(pool.all('expire'), []);
});

test('what had arrived before a stop comes out, beside clients that send without end and a slow reader', async (t) => {
  const pool = await startInGroup(t, ['--workers', '2', '--log-level', 'debug']);
  for (let count = 0; count < 4; count++) await endlessClient(pool.tcp);
  await pool.logged('stall');
  await clientsThatSent(pool.tcp, 20, Buffer.alloc(2 ** 15, 'o'));
  await until('accepted', () => pool.all('connect').length === 24);
  pool.child.kill('SIGTERM');
  await pool.logged('drain');
  let earlierBytes = 0;
  for await (const chunk of piecesOf(pool.stdout)) {
    earlierBytes += chunk.filter((byte) => byte === 0x6f).length;
    await wait(2);
  }
  assert.deepEqual(await pool.exited, { code: 0, signal: null });
  assert.equal(earlierBytes, 20 * 2 ** 15);
});

test('a client that never stops sending does not keep the pool from stopping in order', async (t) => {
  const pool = await startCli(t, ['--workers', '1', '--drain-timeout', '10m']);
  pool.stdout.resume();
  await endlessClient(pool.tcp);
  await once(pool.stdout, 'data');
  await pool.stopInOrder();
});
