import assert from 'node:assert/strict';

import { after } from '../helpers/after.js';
import { startCli } from '../helpers/cli.js';
import { halt } from '../helpers/halt.js';
import { counters, get, post, RawClient, send } from '../helpers/http.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { text } from '../helpers/within.js';

const http = ['--handler', 'http', '--log-level', 'debug'];
const scale = Number(process.env.PROCPOOL_TEST_SCALE ?? 1);

test('a request that is not complete in time is answered 408, a connection that only waits is not', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1', '--request-timeout', '500ms']);
  const received = text(pool.stdout);
  const waiting = await RawClient.connect(pool.tcp);
  waiting.write(get('/healthz'));
  assert.equal((await waiting.answer()).status, 200);
  for (const part of ['P', 'POST / HTTP/1.1\r\nHo', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhell']) {
    const slow = await RawClient.connect(pool.tcp);
    slow.write(part);
    const { status, fields } = await slow.answer();
    assert.deepEqual([status, fields.connection], [408, 'close']);
    slow.socket.end();
    await slow.closed;
  }
  await until('logged', () => pool.all('timeout').length === 3);
  assert.deepEqual(
    pool.all('timeout').map(({ reason }) => reason),
    ['request', 'request', 'request'],
  );
  waiting.write(post('still there'));
  assert.equal((await waiting.answer()).status, 204);
  await pool.stopInOrder();
  assert.equal(await received, 'still there');
});

test('an idle connection is closed, without an answer that nobody asked for', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1', '--idle-timeout', '500ms']);
  pool.stdout.resume();
  const fresh = await RawClient.connect(pool.tcp);
  const used = await RawClient.connect(pool.tcp);
  used.write(post('x'));
  assert.equal((await used.answer()).status, 204);
  await Promise.all([fresh.closed, used.closed]);
  assert.equal(fresh.rest + used.rest, '');
  await until('logged', () => pool.all('timeout').length === 2);
  assert.deepEqual(
    pool.all('timeout').map(({ reason }) => reason),
    ['idle', 'idle'],
  );
  await pool.stopInOrder();
});

test('at its greatest age a connection ends after the request that it has begun', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1', '--max-age', '1s']);
  const received = text(pool.stdout);
  const idle = await RawClient.connect(pool.tcp);
  const busy = await RawClient.connect(pool.tcp);
  busy.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na');
  await idle.closed;
  assert.equal((await pool.logged('timeout')).reason, 'max-age');
  await new Promise((resolve) => setTimeout(resolve, 100));
  busy.write('b');
  const { status, fields } = await busy.answer();
  assert.deepEqual([status, fields.connection], [204, 'close']);
  await busy.closed;
  await pool.stopInOrder();
  assert.equal(await received, 'ab');
});

test('a long body has to be whole in time too', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1', '--request-timeout', '2s', '--max-body', '8m']);
  const received = text(pool.stdout);
  const client = await RawClient.connect(pool.tcp);
  client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n${'s'.repeat(2_000_000)}`);
  const timer = setInterval(() => {
    client.write('s');
  }, 100);
  assert.equal((await client.answer()).status, 408);
  clearInterval(timer);
  assert.equal((await pool.logged('timeout')).reason, 'request');
  await pool.stopInOrder();
  assert.equal(await received, '');
});

test('a body has to come at the least pace, and one that does takes as long as it likes', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1', '--request-timeout', '0s', '--max-body', '1g']);
  const received = text(pool.stdout);
  const [slow, steady] = [await RawClient.connect(pool.tcp), await RawClient.connect(pool.tcp)];
  const lumpy = await RawClient.connect(pool.tcp);
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
  slow.write(head);
  steady.write(head);
  lumpy.write(`${head}2ee0\r\n${'l'.repeat(12_000)}\r\n`);
  const timer = setInterval(() => {
    slow.write('1\r\ns\r\n');
    steady.write(`3e8\r\n${'f'.repeat(1000)}\r\n`);
  }, 200);
  after(t, () => {
    clearInterval(timer);
  });
  const refused = await slow.answer();
  assert.equal(refused.status, 408);
  assert.equal((await pool.logged('timeout')).reason, 'pace');
  clearInterval(timer);
  for (const client of [steady, lumpy]) {
    client.write('0\r\n\r\n');
    assert.equal((await client.answer()).status, 204);
  }
  await pool.stopInOrder();
  assert.match(await received, /^f+l{12000}$/);
});

test('a greatest age holds for clients that leave a request unfinished or answers unread', async (t) => {
  const unlimited = ['--idle-timeout', '0', '--request-timeout', '0'];
  const pool = await startCli(t, [...http, '--workers', '1', '--max-age', '500ms', ...unlimited]);
  pool.stdout.resume();
  const unfinished = await RawClient.connect(pool.tcp);
  unfinished.write('POST / HTTP/1.1\r\n');
  const unread = await RawClient.connect(pool.tcp);
  unread.socket.pause().write(get('/stats').repeat(20_000));
  assert.equal((await unfinished.answer()).status, 408);
  await until('both', () => pool.all('timeout').length === 2);
  assert.ok(pool.all('timeout').every(({ reason }) => reason === 'max-age'));
  unread.socket.destroy();
  await pool.stopInOrder();
});

const slow = Math.ceil(5000 / scale);

test(`${slow} clients that send a byte a second are closed in time while others are served`, async (t) => {
  const pool = await startCli(t, ['--handler', 'http', '--workers', '2', '--request-timeout', '5s']);
  const received = text(pool.stdout);
  const clients: RawClient[] = [];
  const closed: Promise<void>[] = [];
  while (clients.length < slow) {
    const batch = await Promise.all(
      Array.from({ length: Math.min(250, slow - clients.length) }, () => RawClient.connect(pool.tcp)),
    );
    clients.push(...batch);
    closed.push(...batch.map((client) => client.closed));
  }
  const request = post('x'.repeat(100), `X: ${'y'.repeat(100)}\r\n`);
  let sent = 0;
  const second = (): void => {
    for (const { socket } of clients) if (socket.writable) socket.write(request[sent] ?? '');
    sent += 1;
  };
  second();
  const timer = setInterval(second, 1000);
  let served = 0;
  while ((await counters(pool.tcp)).requestTimeouts < slow) {
    assert.equal(await send(pool.tcp, '.'), 204);
    served += 1;
  }
  await Promise.all(closed);
  clearInterval(timer);
  const { requestTimeouts, idleTimeouts } = await counters(pool.tcp);
  assert.deepEqual({ requestTimeouts, idleTimeouts }, { requestTimeouts: slow, idleTimeouts: 0 });
  await pool.stopInOrder();
  assert.equal(await received, '.'.repeat(served));
});

test('what had come when a connection reached its greatest age is answered', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1', '--max-age', '1s']);
  const received = text(pool.stdout);
  const client = await RawClient.connect(pool.tcp);
  const worker = pool.worker(0);
  await pool.logged('connect');
  await halt(worker);
  client.write(post('in time'));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  process.kill(worker, 'SIGCONT');
  assert.equal((await client.answer()).status, 204);
  await client.closed;
  await pool.stopInOrder();
  assert.equal(await received, 'in time');
});

test('a flood of pipelined requests keeps nobody waiting for its end', async (t) => {
  const pool = await startCli(t, ['--handler', 'http', '--workers', '1']);
  pool.stdout.resume();
  const flood = await Promise.all(Array.from({ length: 100 }, () => RawClient.connect(pool.tcp)));
  const request = 'HEAD /stats HTTP/1.1\r\nHost: x\r\n\r\n';
  const requestsEach = 1500;
  for (const client of flood) client.write(request.repeat(requestsEach));
  const answers = (): number => flood.reduce((sum, { rest }) => sum + rest.split('200 OK').length - 1, 0);
  assert.equal(await send(pool.tcp, 'x'), 204);
  assert.ok(answers() < flood.length * requestsEach);
  await until('all answered', () => answers() === flood.length * requestsEach);
  await pool.stopInOrder();
});
