import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';

import type { ProcessPool } from '../../lib/index.js';
import { after } from '../helpers/after.js';
import { startCli } from '../helpers/cli.js';
import { fetch, get, post, RawClient, send } from '../helpers/http.js';
import { privateMemoryOf } from '../helpers/processes.js';
import { sanitized } from '../helpers/sanitizer.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { startPool } from '../helpers/pool.js';
import { buffer, once, text } from '../helpers/within.js';

const http = ['--handler', 'http', '--log-level', 'debug'];

test('what is POSTed or PUT, on any path, arrives on stdout and is answered with 204', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '2']);
  const received = text(pool.stdout);
  const url = `http://127.0.0.1:${pool.tcp}`;
  for (const [method, path, body] of [
    ['POST', '/', 'one '],
    ['PUT', '/any/path?query', 'two '],
    ['POST', '/healthz', 'three'],
    ['POST', '/nothing', ''],
  ] as const) {
    const { status, headers } = await fetch(`${url}${path}`, { method, body });
    assert.equal(status, 204);
    assert.ok(Math.abs(Date.parse(headers.get('date') ?? '') - Date.now()) < 60_000);
  }
  await pool.stopInOrder();
  assert.equal(await received, 'one two three');
});

test('bodies of every size and framing arrive unchanged', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '2', '--max-body', '10m']);
  const received = buffer(pool.stdout);
  const bodies = [1, 200, 4096, 65_535, 65_536, 65_537, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 1_300_000, 10 * 2 ** 20].map(
    (size) => randomBytes(size),
  );
  const url = `http://127.0.0.1:${pool.tcp}/`;
  for (const body of bodies) {
    const chunked = new ReadableStream({
      start(stream) {
        for (let at = 0; at < body.length; at += 50_000) stream.enqueue(body.subarray(at, at + 50_000));
        stream.close();
      },
    });
    assert.equal((await fetch(url, { method: 'POST', body })).status, 204);
    assert.equal((await fetch(url, { method: 'PUT', body: chunked, duplex: 'half' })).status, 204);
  }
  await pool.stopInOrder();
  assert.ok((await received).equals(Buffer.concat(bodies.flatMap((body) => [body, body]))));
});

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
    lines.sort((one, other) => one - other),
    Array.from({ length: 2000 }, (_, index) => index),
  );
});

test('pipelined requests are answered in their order, whatever they are', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1']);
  const received = text(pool.stdout);
  const one = await RawClient.connect(pool.tcp);
  const large = 'x'.repeat(100_000);
  one.write(
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
  for (let count = 0; count < 8; count++) statuses.push((await one.answer()).status);
  assert.deepEqual(statuses, [204, 204, 200, 204, 404, 204, 204, 204]);
  await one.closed;
  assert.equal(one.rest, '');
  await pool.stopInOrder();
  assert.equal(await received, `ab${large}cde`);
});

test('a thousand pipelined requests are each answered', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1']);
  const received = text(pool.stdout);
  const one = await RawClient.connect(pool.tcp);
  const bodies = Array.from({ length: 1000 }, (_, index) => `${index};`);
  one.write(bodies.map((body) => post(body)).join(''));
  const statuses = [];
  while (statuses.length < bodies.length) statuses.push((await one.answer()).status);
  assert.ok(statuses.every((status) => status === 204));
  await pool.stopInOrder();
  assert.equal(await received, bodies.join(''));
});

test('requests that arrive byte by byte are understood', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1']);
  const received = text(pool.stdout);
  const one = await RawClient.connect(pool.tcp);
  for (const byte of post('hello')) {
    one.write(byte);
    await new Promise(setImmediate);
  }
  assert.equal((await one.answer()).status, 204);
  await pool.stopInOrder();
  assert.equal(await received, 'hello');
});

test('HTTP/1.0 closes unless it is asked to stay', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1']);
  const received = text(pool.stdout);
  const one = await RawClient.connect(pool.tcp);
  one.write('POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na');
  assert.equal((await one.answer()).fields.connection, 'keep-alive');
  one.write('POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nb');
  assert.equal((await one.answer()).fields.connection, 'close');
  await one.closed;
  await pool.stopInOrder();
  assert.equal(await received, 'ab');
});

test('a client that waits for 100 Continue gets it, one that would be refused gets that instead', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1', '--max-body', '10']);
  const received = text(pool.stdout);
  const one = await RawClient.connect(pool.tcp);
  const head = (length: number): string =>
    `POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
  one.write(head(5));
  assert.equal((await one.answer()).status, 100);
  one.write('hello');
  assert.equal((await one.answer()).status, 204);
  one.write(`${head(1)}x`);
  assert.equal((await one.answer()).status, 204);
  one.write(head(11));
  assert.equal((await one.answer()).status, 413);
  one.socket.end();
  await one.closed;
  await pool.stopInOrder();
  assert.equal(await received, 'hellox');
});

test('HEAD, health and counters', async (t) => {
  const { pool, port } = await startPool(t, { workers: 2, handler: 'http' });
  pool.output?.resume();
  const url = `http://127.0.0.1:${port}`;

  const health = await fetch(`${url}/healthz`);
  assert.deepEqual([health.status, await health.text()], [200, 'ok\n']);
  await fetch(url, { method: 'POST', body: 'twelve bytes' });
  const stats = await fetch(`${url}/stats?x`);
  assert.equal(stats.headers.get('content-type'), 'application/json');
  const shown = (await stats.json()) as ReturnType<ProcessPool['stats']>;
  assert.equal(shown.total.bytesOut, 12);
  assert.equal(shown.state, 'running');
  const own = pool.stats();
  assert.deepEqual(Object.keys(shown.total), Object.keys(own.total));
  assert.deepEqual(Object.keys(shown.workers[0] ?? {}).sort(), Object.keys(own.workers[0] ?? {}).sort());

  const raw = await RawClient.connect(port);
  raw.write('HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  const head = await raw.answer({ head: true });
  assert.deepEqual([head.status, head.fields['content-length']], [200, '3']);
  raw.write('HEAD /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  assert.equal((await raw.answer({ head: true })).status, 404);
  await raw.closed;
  assert.equal(raw.rest, '');
});

const refused: [what: string, request: string, status: number][] = [
  ['a request that is none', 'hello\r\n\r\n', 400],
  ['too large a body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\nxxx', 413],
  ['too large a chunk', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n', 413],
  ['too long a target', `GET /${'x'.repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 414],
  ['an unknown expectation', 'POST / HTTP/1.1\r\nHost: x\r\nExpect: magic\r\nContent-Length: 1\r\n\r\n', 417],
  ['too long a head', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ['too many fields', `GET / HTTP/1.1\r\nHost: x\r\n${'X: y\r\n'.repeat(101)}\r\n`, 431],
  ['an unknown method', 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n', 501],
  ['an unknown coding', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', 501],
  ['another version', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG',
    400,
  ],
  ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['a part of a PUT', 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Range: bytes 0-0/2\r\nContent-Length: 1\r\n\r\na', 400],
  ['an encoded body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\na', 415],
];

for (const [what, request, status] of refused) {
  test(`${what} is answered ${status}, and nothing of it or behind it is delivered`, async (t) => {
    const pool = await startCli(t, [...http, '--workers', '1', '--max-body', '1m']);
    const received = text(pool.stdout);
    const one = await RawClient.connect(pool.tcp);
    one.write(request);
    const answer = await one.answer();
    assert.equal(answer.status, status);
    assert.equal(answer.fields.connection, 'close');
    one.write(post('smuggled'));
    one.socket.end();
    await one.closed;
    await pool.stopInOrder();
    assert.equal(await received, '');
  });
}

test('what is not offered is refused, and the connection goes on', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1']);
  const received = text(pool.stdout);
  const one = await RawClient.connect(pool.tcp);
  for (const [method, status] of [
    ['DELETE', 405],
    ['PATCH', 405],
    ['TRACE', 405],
    ['GET', 404],
  ] as const) {
    one.write(`${method} /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc`);
    const answer = await one.answer();
    assert.equal(answer.status, status);
    assert.equal(answer.fields.allow, status === 405 ? 'GET, HEAD, OPTIONS, POST, PUT' : undefined);
  }
  one.write(post('d'));
  assert.equal((await one.answer()).status, 204);
  await pool.stopInOrder();
  assert.equal(await received, 'd');
});

test('browsers are told from where they may send', async (t) => {
  const preflight =
    'OPTIONS /x HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\nAccess-Control-Request-Method: PUT\r\n\r\n';
  for (const [origin, allowed, vary] of [
    ['https://a.example', 'https://a.example', 'Origin'],
    ['*', '*', undefined],
    [undefined, undefined, undefined],
  ] as const) {
    const pool = await startCli(t, [...http, ...(origin === undefined ? [] : ['--cors-origin', origin])]);
    pool.stdout.resume();
    const one = await RawClient.connect(pool.tcp);
    one.write(preflight);
    const { status, fields } = await one.answer();
    assert.equal(status, 204);
    assert.equal(fields['access-control-allow-origin'], allowed);
    assert.equal(fields['access-control-allow-methods'], allowed && 'GET, HEAD, POST, PUT');
    assert.equal(fields.vary, vary);
    one.write(post('x', 'Origin: https://a.example\r\n'));
    assert.equal((await one.answer()).fields['access-control-allow-origin'], allowed);
    await pool.stopInOrder();
  }
});

test('a client that reads none of its answers is bounded, timed out, and the others are served', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1', '--idle-timeout', '2s']);
  pool.stdout.resume();
  const greedy = await RawClient.connect(pool.tcp);
  greedy.socket.pause();
  const many = get('/stats').repeat(1000);
  const pump = (): void => {
    while (!greedy.socket.destroyed && greedy.socket.write(many));
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
  const one = await RawClient.connect(pool.tcp);
  one.socket.allowHalfOpen = true;
  one.socket.end(post('a') + post('b'));
  assert.deepEqual([(await one.answer()).status, (await one.answer()).status], [204, 204]);
  await one.closed;
  await pool.stopInOrder();
  assert.equal(await received, 'ab');
});

test('a client that breaks off in a body is no loss, and nothing of it is delivered', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1']);
  const received = text(pool.stdout);
  for (const how of ['destroy', 'resetAndDestroy'] as const) {
    const one = await RawClient.connect(pool.tcp);
    one.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this');
    await until('sent', () => one.socket.writableLength === 0);
    one.socket[how]();
    await once(one.socket, 'close');
  }
  await until('closed', () => pool.all('close').length + pool.all('reset').length === 2);
  await pool.stopInOrder();
  assert.equal(await received, '');
});
