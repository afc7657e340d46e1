import assert from 'node:assert/strict';

import { after } from '../helpers/after.js';
import { startCli } from '../helpers/cli.js';
import { fetch, post, RawClient, send } from '../helpers/http.js';
import { startPool } from '../helpers/pool.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { text } from '../helpers/within.js';

const http = ['--handler', 'http', '--log-level', 'debug', '--max-body', '16m'];

test('nothing is answered before stdout has taken it', async (t) => {
  const { pool, port } = await startPool(t, { handler: 'http', maxBody: 2 ** 23 });
  // Fills what lies between the worker and this reader, which does not read.
  const large = 'x'.repeat(4 * 2 ** 20);
  const filler = await RawClient.connect(port);
  filler.write(post(large));
  await until('stalled', () => pool.stats().total.stalledMs > 0);
  const small = await RawClient.connect(port);
  small.write(post('small'));
  // Answered meanwhile, because it needs no stdout: by then the other would have been too.
  const health = await RawClient.connect(port);
  health.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.equal((await health.answer()).status, 200);
  assert.equal(small.rest, '');
  assert.equal(filler.rest, '');

  const received = text(pool.output!);
  assert.equal((await filler.answer()).status, 204);
  assert.equal((await small.answer()).status, 204);
  await pool.stop();
  assert.equal(await received, `${large}small`);
});

test('what stdout does not take for long is refused with 503 and not delivered, and health says so', async (t) => {
  const { pool, port } = await startPool(t, { handler: 'http', maxBody: 2 ** 23 });
  const filler = await RawClient.connect(port);
  const large = 'x'.repeat(4 * 2 ** 20);
  filler.write(post(large));
  await until('stalled', () => pool.stats().total.stalledMs > 0);
  const waiting = await RawClient.connect(port);
  waiting.write(post('waits'));
  const refused = await waiting.answer();
  assert.equal(refused.status, 503);
  assert.match(refused.fields['retry-after'] ?? '', /^\d+$/);
  const late = await RawClient.connect(port);
  late.write(post('late'));
  assert.equal((await late.answer()).status, 503);
  const health = await RawClient.connect(port);
  health.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  assert.equal((await health.answer()).status, 503);

  const received = text(pool.output!);
  assert.equal((await filler.answer()).status, 204);
  // Its request was read whole: the connection goes on.
  waiting.write(post('again'));
  assert.equal((await waiting.answer()).status, 204);
  await pool.stop();
  assert.equal(await received, `${large}again`);
  const { bytesIn, bytesOut, bytesDiscarded, bytesDropped } = pool.stats().total;
  assert.deepEqual({ bytesDropped, sum: bytesOut + bytesDiscarded }, { bytesDropped: 0, sum: bytesIn });
});

test('a slow reader is none that takes nothing', async (t) => {
  const { pool, port } = await startPool(t, { workers: 2, handler: 'http' });
  const output = pool.output!;
  let bytesRead = 0;
  const reading = setInterval(() => {
    bytesRead += (output.read(Math.min(20_000, output.readableLength)) as Buffer | null)?.length ?? 0;
  }, 50);
  after(t, () => {
    clearInterval(reading);
  });
  const sender = await RawClient.connect(port);
  sender.write(post('x'.repeat(2 ** 20)).repeat(5));
  await until('slow for longer than the limit', () => pool.stats().total.stalledMs > 7000);
  assert.ok(bytesRead > 0);
  for (let round = 0; round < 4; round++) assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
  clearInterval(reading);
  output.resume();
  for (let round = 0; round < 5; round++) assert.equal((await sender.answer()).status, 204);
});

test('a worker behind one that hangs with the turn refuses what it cannot deliver, and none of it is', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '2', '--worker-timeout', '0']);
  const long = await RawClient.connect(pool.tcp);
  long.write(post('s'.repeat(4_000_000)));
  await pool.logged('stall');
  const holder = pool.worker(0);
  process.kill(holder, 'SIGSTOP');
  const received = text(pool.stdout);
  // Connections of the one that hangs wait for it.
  const others = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(pool.tcp)));
  for (const client of others) client.write(post('refused'));
  await until('all those of the other are answered', () => {
    const answered = others.filter(({ rest }) => rest !== '').length;
    return answered >= 2 && answered === pool.all('connect').filter(({ worker }) => worker === 1).length;
  });
  for (const client of others.filter(({ rest }) => rest !== '')) assert.equal((await client.answer()).status, 503);
  for (const client of others) client.socket.destroy();
  process.kill(holder, 'SIGCONT');
  assert.equal((await long.answer()).status, 204);
  await pool.stopInOrder();
  assert.equal((await received).replaceAll('refused', '').length, 4_000_000);
});

test('a worker that dies while stdout takes nothing leaves no stall behind', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '2', '--on-death', 'restart']);
  const filler = await RawClient.connect(pool.tcp);
  filler.write(post('s'.repeat(4_000_000)));
  await pool.logged('stall');
  const other = await RawClient.connect(pool.tcp);
  other.write(post('refused'));
  assert.equal((await other.answer()).status, 503);
  process.kill(pool.worker(0), 'SIGKILL');
  await pool.logged('exit');
  const received = text(pool.stdout);
  for (let round = 0; round < 4; round++) assert.equal(await send(pool.tcp, 'next'), 204);
  for (let round = 0; round < 4; round++) {
    assert.equal((await fetch(`http://127.0.0.1:${pool.tcp}/healthz`)).status, 200);
  }
  await pool.stop();
  assert.match(await received, /^s+\n(next){4}$/);
});

test('a body that a worker dies of while stdout takes nothing is completed by the one that takes over, and not answered', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '2']);
  const filler = await RawClient.connect(pool.tcp);
  filler.write(post('s'.repeat(4_000_000)));
  await pool.logged('stall');
  process.kill(pool.worker(0), 'SIGKILL');
  await pool.logged('takeover');
  await until('the client notices', () => filler.socket.closed);
  assert.equal(filler.rest, '');
  const received = text(pool.stdout);
  for (let round = 0; round < 4; round++) assert.equal(await send(pool.tcp, 'next'), 204);
  for (let round = 0; round < 4; round++) {
    assert.equal((await fetch(`http://127.0.0.1:${pool.tcp}/healthz`)).status, 200);
  }
  await pool.stopInOrder();
  assert.equal(await received, `${'s'.repeat(4_000_000)}${'next'.repeat(4)}`);
});

test('health is the pool’s, whichever worker is asked', async (t) => {
  const { pool, port } = await startPool(t, { workers: 2, handler: 'http' });
  const filler = await RawClient.connect(port);
  filler.write(post('x'.repeat(2 ** 20)).repeat(3));
  await until('stalled for long', () => pool.stats().total.stalledMs > 6000);
  for (let round = 0; round < 4; round++) assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 503);
  pool.output?.resume();
  for (let round = 0; round < 3; round++) assert.equal((await filler.answer()).status, 204);
  assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
});
