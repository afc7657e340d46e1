import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';

import { startCli } from '../helpers/cli.js';
import { get, post, RawClient } from '../helpers/http.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { buffer, text } from '../helpers/within.js';

const http = ['--handler', 'http', '--workers', '1', '--log-level', 'debug'];

for (const [title, fields, status] of [
  ['before its body has come', 'Content-Length: 8388608', 413],
  ['in the middle of its body', 'Transfer-Encoding: chunked', 413],
  ['for its encoding', 'Content-Encoding: gzip\r\nContent-Length: 1048576', 415],
] as const) {
  test(`a client that is refused ${title}, and sends on before it reads, gets its answer`, async (t) => {
    const pool = await startCli(t, http);
    const received = text(pool.stdout);
    const client = await RawClient.connect(pool.tcp);
    client.socket.pause();
    let broken: Error | undefined;
    client.socket.on('error', (error) => (broken = error));
    // Of this nothing is sent before the answer is there to be read, as with a client that has one thread.
    client.write(`POST / HTTP/1.1\r\nHost: x\r\n${fields}\r\n\r\n`);
    const chunk = `40000\r\n${'x'.repeat(2 ** 18)}\r\n`;
    for (let count = 0; count < 32; count++) client.write(chunk);
    await until('all is sent', () => broken !== undefined || client.socket.writableLength === 0);
    assert.equal(broken, undefined);
    client.socket.resume();
    const answer = await client.answer();
    assert.equal(answer.status, status);
    assert.equal(answer.fields.connection, 'close');
    client.socket.end();
    await client.closed;
    assert.equal(broken, undefined);
    await pool.stopInOrder();
    assert.equal(await received, '');
  });
}

test('a refused client that neither sends nor closes is closed', async (t) => {
  const pool = await startCli(t, http);
  pool.stdout.resume();
  const client = await RawClient.connect(pool.tcp);
  client.socket.allowHalfOpen = true;
  client.write('nonsense\r\n');
  assert.equal((await client.answer()).status, 400);
  await pool.logged('close');
  client.socket.destroy();
  await pool.stopInOrder();
});

test('a refusal says why, to the client and to the log', async (t) => {
  const pool = await startCli(t, http);
  pool.stdout.resume();
  const reasons = [];
  for (const request of [
    'hello\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: [::1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a:80:90\r\n\r\n',
    'GET / HTTP/1.1\r\nHost:\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'PUT / HTTP/1.1\r\nHost: x\r\nContent-Range: bytes 0-0/2\r\nContent-Length: 1\r\n\r\nx',
  ]) {
    const client = await RawClient.connect(pool.tcp);
    client.write(request);
    const { status, body } = await client.answer();
    assert.equal(status, 400);
    assert.match(body, /^[A-Z][^\n]+\n$/i);
    reasons.push(body.trim());
    client.socket.end();
    await client.closed;
  }
  assert.equal(new Set(reasons).size, 5);
  await until('logged', () => pool.all('request').length === reasons.length);
  assert.deepEqual(
    pool.all('request').map(({ reason }) => reason),
    reasons,
  );
  for (const { peer, level, message, reason } of pool.all('request')) {
    assert.match(peer ?? '', /^127\.0\.0\.1:\d+$/);
    assert.equal(level, 'debug');
    assert.ok(message.includes(`400 after 0 bytes: ${reason}`));
  }
  await pool.stopInOrder();
});

test('an encoded body is refused with what would be accepted, or passed on as it is', async (t) => {
  const encoded = gzipSync('plain text');
  const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: ${encoded.length}\r\n\r\n`;
  for (const [option, status, delivered] of [
    ['refuse', 415, 'plain'],
    ['pass', 204, `${encoded.toString('latin1')}plain`],
  ] as const) {
    const pool = await startCli(t, [...http, '--content-encoding', option]);
    const received = buffer(pool.stdout);
    const client = await RawClient.connect(pool.tcp);
    client.write(Buffer.concat([Buffer.from(head), encoded]));
    const answer = await client.answer();
    assert.equal(answer.status, status);
    assert.equal(answer.fields['accept-encoding'], status === 415 ? 'identity' : undefined);
    const other = await RawClient.connect(pool.tcp);
    other.write(post('plain', 'Content-Encoding: identity\r\n'));
    assert.equal((await other.answer()).status, 204);
    client.socket.end();
    await pool.stopInOrder();
    assert.equal((await received).toString('latin1'), delivered);
  }
});

test('a request without a length has an empty body, and the next one follows', async (t) => {
  const pool = await startCli(t, http);
  const received = text(pool.stdout);
  const client = await RawClient.connect(pool.tcp);
  client.write(`POST / HTTP/1.1\r\nHost: x\r\n\r\nPUT /x HTTP/1.2\r\nHost: x\r\n\r\n${post('next')}`);
  for (let count = 0; count < 3; count++) assert.equal((await client.answer()).status, 204);
  await pool.stopInOrder();
  assert.equal(await received, 'next');
});

test('nobody is told to go on where no body comes, or the answer is known', async (t) => {
  const pool = await startCli(t, http);
  const received = text(pool.stdout);
  const expects = 'Expect: 100-continue\r\n';
  const kept = await RawClient.connect(pool.tcp);
  kept.write(post('', expects));
  assert.equal((await kept.answer()).status, 204);
  kept.write(get('/healthz', expects));
  assert.equal((await kept.answer()).status, 200);
  kept.write(post('body', 'Expect:\r\n').slice(0, -4));
  kept.write('body');
  assert.equal((await kept.answer()).status, 204);
  for (const [request, status] of [
    [get('/healthz', `${expects}Content-Length: 3\r\n`), 200],
    [get('/none', `${expects}Content-Length: 3\r\n`), 404],
    [`DELETE / HTTP/1.1\r\nHost: x\r\n${expects}Content-Length: 3\r\n\r\n`, 405],
    [`POST / HTTP/1.1\r\nHost: x\r\n${expects}Content-Encoding: br\r\nContent-Length: 3\r\n\r\n`, 415],
  ] as const) {
    const client = await RawClient.connect(pool.tcp);
    client.write(request);
    const answer = await client.answer();
    assert.deepEqual([answer.status, answer.fields.connection], [status, 'close']);
    client.write(post('smuggled'));
    client.socket.end();
    await client.closed;
    assert.equal(client.rest, '');
  }
  kept.socket.end();
  await pool.stopInOrder();
  assert.equal(await received, 'body');
});
