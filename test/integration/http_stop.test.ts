import assert from 'node:assert/strict';

import { startCli } from '../helpers/cli.js';
import { refusesConnections, write } from '../helpers/clients.js';
import { halt } from '../helpers/halt.js';
import { counters, get, post, RawClient } from '../helpers/http.js';
import { startPool } from '../helpers/pool.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { text } from '../helpers/within.js';

const http = ['--handler', 'http', '--workers', '1', '--log-level', 'debug'];

test('a stop finishes and answers the request that is in progress, and says that the connection ends', async (t) => {
  const pool = await startCli(t, http);
  const received = text(pool.stdout);
  const client = await RawClient.connect(pool.tcp);
  client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nfirst');
  await until('read', async () => (await counters(pool.tcp)).bytesIn === 5);
  const stopped = pool.stop();
  // Then the worker has heard of it.
  await until('it accepts no more', () => refusesConnections(pool.tcp));
  client.write('other');
  const { status, fields } = await client.answer();
  assert.deepEqual([status, fields.connection], [204, 'close']);
  await client.closed;
  assert.equal((await stopped).code, 0);
  assert.equal(await received, 'firstother');
});

test('a stop closes idle connections at once', async (t) => {
  const pool = await startCli(t, [...http, '--drain-timeout', '10m', '--idle-timeout', '10m']);
  pool.stdout.resume();
  const idle = await Promise.all(Array.from({ length: 50 }, () => RawClient.connect(pool.tcp)));
  for (const client of idle) {
    client.write(post('x'));
    assert.equal((await client.answer()).fields.connection, undefined);
  }
  await pool.stopInOrder();
  await Promise.all(idle.map(({ closed }) => closed));
});

test('requests that had arrived when the stop came are answered, however many clients there are', async (t) => {
  const pool = await startCli(t, http);
  const received = text(pool.stdout);
  // More than the worker is told of at once.
  const clients = await Promise.all(Array.from({ length: 1000 }, () => RawClient.connect(pool.tcp)));
  for (const client of clients) client.write(get('/healthz'));
  for (const client of clients) assert.equal((await client.answer()).status, 200);
  const worker = pool.worker(0);
  await halt(worker);
  // With this one's order before it, that to drain is read before the clients' requests.
  const next = await RawClient.connect(pool.tcp);
  await Promise.all(clients.map(({ socket }) => write(socket, post('x'))));
  const stopped = pool.stop();
  await pool.logged('drain');
  process.kill(worker, 'SIGCONT');
  for (const client of clients) assert.equal((await client.answer()).status, 204);
  next.socket.destroy();
  assert.equal((await stopped).code, 0);
  assert.equal(await received, 'x'.repeat(clients.length));
});

test('requests that had arrived when the stop came are answered, those behind them on the connection too', async (t) => {
  const pool = await startCli(t, http);
  const received = text(pool.stdout);
  const client = await RawClient.connect(pool.tcp);
  client.write(get('/healthz'));
  assert.equal((await client.answer()).status, 200);
  const worker = pool.worker(0);
  await halt(worker);
  const waiting = await RawClient.connect(pool.tcp);
  client.write(post('a'));
  waiting.write(post('b'));
  await until('sent', () => client.socket.writableLength + waiting.socket.writableLength === 0);
  const stopped = pool.stop();
  await pool.logged('drain');
  process.kill(worker, 'SIGCONT');
  for (const connection of [client, waiting]) {
    const { status, fields } = await connection.answer();
    assert.deepEqual([status, fields.connection], [204, 'close']);
  }
  assert.equal((await stopped).code, 0);
  assert.match(await received, /^(ab|ba)$/);
});

test('a request that is not complete at the deadline is not answered, and nothing of it delivered', async (t) => {
  const pool = await startCli(t, [...http, '--drain-timeout', '500ms']);
  const received = text(pool.stdout);
  const client = await RawClient.connect(pool.tcp);
  client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nfirst');
  await until('read', async () => (await counters(pool.tcp)).bytesIn === 5);
  await pool.stopInOrder();
  assert.equal(client.rest, '');
  assert.equal(await received, '');
});

test('a long body that is cut off by the deadline is a loss, and said to be one', async (t) => {
  const pool = await startCli(t, [...http, '--drain-timeout', '500ms', '--max-body', '8m']);
  const client = await RawClient.connect(pool.tcp);
  client.write(post('s'.repeat(5_000_000)));
  await pool.logged('stall');
  assert.equal((await pool.stop()).code, 1);
  const delivered = (await text(pool.stdout)).length;
  assert.ok(delivered > 0);
  assert.equal((await pool.logged('torn')).bytes, delivered);
  assert.equal((await pool.logged('undelivered')).bytes, 5_000_000 - delivered);
  assert.equal(client.rest, '');
});

test('a stop while stdout takes nothing says what was not delivered, and none of it was answered', async (t) => {
  const pool = await startCli(t, [...http, '--drain-timeout', '500ms']);
  const client = await RawClient.connect(pool.tcp);
  const size = 60_000;
  // Each is gathered whole; the pipe and the stage hold the first of them.
  client.write(post('x'.repeat(size)).repeat(40));
  await pool.logged('stall');
  const { code } = await pool.stop();
  const answered = client.rest.split('204 No Content').length - 1;
  const received = await text(pool.stdout);
  assert.equal(code, 1);
  assert.ok(received.length >= answered * size);
  assert.ok(((await pool.logged('undelivered')).bytes ?? 0) > 0);
});

test('a worker that is one too many answers its clients, and tells them to connect anew', async (t) => {
  const { pool, port } = await startPool(t, { workers: 2, handler: 'http' });
  pool.output?.resume();
  const clients = [await RawClient.connect(port), await RawClient.connect(port)];
  for (const client of clients) {
    client.write(post('x'));
    assert.equal((await client.answer()).fields.connection, undefined);
  }
  await pool.resize(1);
  const answers = [];
  for (const client of clients) {
    client.write(post('x'));
    answers.push((await client.answer()).fields.connection);
  }
  assert.deepEqual(answers.sort(), ['close', undefined]);
  await until('one worker is left', () => pool.stats().workers.length === 1);
  assert.equal(pool.stats().total.bytesOut, 4);
});

for (const [title, handler, request] of [
  ['half a request line', 'http', 'POST / HT'],
  ['answers that it does not read', 'http', get('/stats').repeat(5000)],
  ['bytes that it does not take back', 'echo', 'x'.repeat(16 * 2 ** 20)],
] as const) {
  test(`a client with ${title} makes no loss of a stop`, async (t) => {
    const pool = await startCli(t, ['--handler', handler, '--log-level', 'debug', '--drain-timeout', '500ms']);
    pool.stdout.resume();
    const client = await RawClient.connect(pool.tcp);
    client.socket.pause().write(request);
    await pool.logged('connect');
    await pool.stopInOrder();
    client.socket.destroy();
  });
}
