import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { startCli } from '../helpers/cli.js';
import { client, write } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { get, post, RawClient } from '../helpers/http.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { text } from '../helpers/within.js';
import { halt } from '../helpers/halt.js';

const mebibyte = 2 ** 20;

test('a client that sends without end does not keep another waiting longer than for its share of a round', async (t) => {
  const path = join(temporaryFolder(t), 'out');
  const stdout = openSync(path, 'w');
  const pool = await startCli(t, ['--workers', '1', '--log-level', 'debug'], { stdout });
  closeSync(stdout);
  const [flood, other] = [await client(pool.tcp), await client(pool.tcp)];
  await until('accepted', () => pool.all('connect').length === 2);
  const worker = pool.worker(0);
  await halt(worker);
  // Both wait for the worker, the flood with more than its share.
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

test('a client that sends many requests at once has its share of them answered before another’s', async (t) => {
  const pool = await startCli(t, ['--handler', 'http', '--workers', '1', '--log-level', 'debug']);
  const received = text(pool.stdout);
  const flood = await RawClient.connect(pool.tcp);
  const other = await RawClient.connect(pool.tcp);
  await until('accepted', () => pool.all('connect').length === 2);
  const worker = pool.worker(0);
  await halt(worker);
  // Both wait for the worker; its first read finds hundreds of the flood's.
  flood.write(get('/none').repeat(1500));
  await write(other.socket, post('o'));
  process.kill(worker, 'SIGCONT');
  const answered = await pool.logged('request', ({ message }) => message.includes('answered 204'));
  const before = pool.all('request').indexOf(answered);
  assert.ok(before <= 64, `${before} requests were answered before`);
  for (let count = 0; count < 1500; count++) assert.equal((await flood.answer()).status, 404);
  await pool.stopInOrder();
  assert.equal(await received, 'o');
});
