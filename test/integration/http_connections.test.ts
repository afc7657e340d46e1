import assert from 'node:assert/strict';
import { Agent } from 'node:http';

import { after } from '../helpers/after.js';
import { startCli } from '../helpers/cli.js';
import { get, post, RawClient, send } from '../helpers/http.js';
import { privateMemoryOf } from '../helpers/processes.js';
import { sanitized } from '../helpers/sanitizer.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { once, text } from '../helpers/within.js';

const http = ['--handler', 'http', '--log-level', 'debug'];

test('a connection is kept for thousands of requests by Node’s client', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '2']);
  const received = text(pool.stdout);
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  after(t, () => {
    agent.destroy();
  });
  const statuses = await Promise.all(
    Array.from({ length: 2000 }, (_, index) => send(pool.tcp, `${index.toString().padStart(5)}\n`, agent)),
  );
  assert.ok(statuses.every((status) => status === 204));
  agent.destroy();
  await until('closed', () => pool.all('close').length === pool.all('connect').length);
  assert.ok(pool.all('connect').length <= 8);
  await pool.stopInOrder();
  const lines = (await received).split('\n').slice(0, -1).map(Number);
  assert.deepEqual(
    lines.sort((left, right) => left - right),
    Array.from({ length: 2000 }, (_, index) => index),
  );
});

test('pipelined requests are answered in their order, whatever they are', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1']);
  const received = text(pool.stdout);
  const client = await RawClient.connect(pool.tcp);
  const large = 'x'.repeat(100_000);
  client.write(
    post('a') +
      post('b') +
      get('/healthz') +
      post(large) +
      get('/none') +
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ncd\r\n0\r\n\r\n' +
      post('') +
      post('e', 'Connection: close\r\n') +
      post('never'),
  );
  const statuses = [];
  for (let count = 0; count < 8; count++) statuses.push((await client.answer()).status);
  assert.deepEqual(statuses, [204, 204, 200, 204, 404, 204, 204, 204]);
  await client.closed;
  assert.equal(client.rest, '');
  await pool.stopInOrder();
  assert.equal(await received, `ab${large}cde`);
});

test('a thousand pipelined requests are each answered', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1']);
  const received = text(pool.stdout);
  const client = await RawClient.connect(pool.tcp);
  const bodies = Array.from({ length: 1000 }, (_, index) => `${index};`);
  client.write(bodies.map((body) => post(body)).join(''));
  const statuses = [];
  while (statuses.length < bodies.length) statuses.push((await client.answer()).status);
  assert.ok(statuses.every((status) => status === 204));
  await pool.stopInOrder();
  assert.equal(await received, bodies.join(''));
});

test('requests that arrive byte by byte are understood', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1']);
  const received = text(pool.stdout);
  const client = await RawClient.connect(pool.tcp);
  for (const byte of post('hello')) {
    client.write(byte);
    await new Promise(setImmediate);
  }
  assert.equal((await client.answer()).status, 204);
  await pool.stopInOrder();
  assert.equal(await received, 'hello');
});

test('HTTP/1.0 closes unless it is asked to stay', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1']);
  const received = text(pool.stdout);
  const client = await RawClient.connect(pool.tcp);
  client.write('POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na');
  assert.equal((await client.answer()).fields.connection, 'keep-alive');
  client.write('POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nb');
  assert.equal((await client.answer()).fields.connection, 'close');
  await client.closed;
  await pool.stopInOrder();
  assert.equal(await received, 'ab');
});

test('a client that waits for 100 Continue gets it, one that would be refused gets that instead', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1', '--max-body', '10']);
  const received = text(pool.stdout);
  const client = await RawClient.connect(pool.tcp);
  const head = (length: number): string =>
    `POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
  client.write(head(5));
  assert.equal((await client.answer()).status, 100);
  client.write('hello');
  assert.equal((await client.answer()).status, 204);
  client.write(`${head(1)}x`);
  assert.equal((await client.answer()).status, 204);
  client.write(head(11));
  assert.equal((await client.answer()).status, 413);
  client.socket.end();
  await client.closed;
  await pool.stopInOrder();
  assert.equal(await received, 'hellox');
});

test('a client that reads none of its answers is bounded, timed out, and the others are served', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1', '--idle-timeout', '2s']);
  pool.stdout.resume();
  const greedy = await RawClient.connect(pool.tcp);
  greedy.socket.pause();
  const requests = get('/stats').repeat(1000);
  const pump = (): void => {
    while (!greedy.socket.destroyed && greedy.socket.write(requests));
  };
  greedy.socket.on('drain', pump);
  pump();
  const before = privateMemoryOf(pool.worker(0));
  while (pool.all('timeout').length === 0) {
    assert.equal(await send(pool.tcp, 'x'), 204);
    // The sanitizers keep what is freed.
    assert.ok(sanitized || privateMemoryOf(pool.worker(0)) - before < 2048);
  }
  assert.equal(pool.all('timeout')[0]?.reason, 'idle');
  greedy.socket.destroy();
  await pool.stopInOrder();
});

test('a half-closed client gets its answers', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1']);
  const received = text(pool.stdout);
  const client = await RawClient.connect(pool.tcp);
  client.socket.allowHalfOpen = true;
  client.socket.end(post('a') + post('b'));
  assert.deepEqual([(await client.answer()).status, (await client.answer()).status], [204, 204]);
  await client.closed;
  await pool.stopInOrder();
  assert.equal(await received, 'ab');
});

test('a client that breaks off in a body is no loss, and nothing of it is delivered', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1']);
  const received = text(pool.stdout);
  for (const method of ['destroy', 'resetAndDestroy'] as const) {
    const client = await RawClient.connect(pool.tcp);
    client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this');
    await until('sent', () => client.socket.writableLength === 0);
    client.socket[method]();
    await once(client.socket, 'close');
  }
  await until('closed', () => pool.all('close').length + pool.all('reset').length === 2);
  await pool.stopInOrder();
  assert.equal(await received, '');
});
