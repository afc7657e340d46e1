import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

import type { ProcessPool } from '../../lib/index.js';
import { startCli } from '../helpers/cli.js';
import { fetch, post, RawClient } from '../helpers/http.js';
import { startPool } from '../helpers/pool.js';
import { test } from '../helpers/test.js';
import { buffer, text } from '../helpers/within.js';

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
  const expected = pool.stats();
  assert.deepEqual(Object.keys(shown.total), Object.keys(expected.total));
  assert.deepEqual(Object.keys(shown.workers[0] ?? {}).sort(), Object.keys(expected.workers[0] ?? {}).sort());

  const raw = await RawClient.connect(port);
  raw.write('HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  const head = await raw.answer({ head: true });
  assert.deepEqual([head.status, head.fields['content-length']], [200, '3']);
  raw.write('HEAD /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  assert.equal((await raw.answer({ head: true })).status, 404);
  await raw.closed;
  assert.equal(raw.rest, '');
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
    const client = await RawClient.connect(pool.tcp);
    client.write(preflight);
    const { status, fields } = await client.answer();
    assert.equal(status, 204);
    assert.equal(fields['access-control-allow-origin'], allowed);
    assert.equal(fields['access-control-allow-methods'], allowed && 'GET, HEAD, POST, PUT');
    assert.equal(fields.vary, vary);
    client.write(post('x', 'Origin: https://a.example\r\n'));
    assert.equal((await client.answer()).fields['access-control-allow-origin'], allowed);
    await pool.stopInOrder();
  }
});
