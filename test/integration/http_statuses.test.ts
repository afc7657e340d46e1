import assert from 'node:assert/strict';

import { startCli } from '../helpers/cli.js';
import { post, RawClient } from '../helpers/http.js';
import { test } from '../helpers/test.js';
import { text } from '../helpers/within.js';

const http = ['--handler', 'http', '--log-level', 'debug'];

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

for (const [title, request, status] of refused) {
  test(`${title} is answered ${status}, and nothing of it or behind it is delivered`, async (t) => {
    const pool = await startCli(t, [...http, '--workers', '1', '--max-body', '1m']);
    const received = text(pool.stdout);
    const client = await RawClient.connect(pool.tcp);
    client.write(request);
    const answer = await client.answer();
    assert.equal(answer.status, status);
    assert.equal(answer.fields.connection, 'close');
    client.write(post('smuggled'));
    client.socket.end();
    await client.closed;
    await pool.stopInOrder();
    assert.equal(await received, '');
  });
}

test('what is not offered is refused, and the connection goes on', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '1']);
  const received = text(pool.stdout);
  const client = await RawClient.connect(pool.tcp);
  for (const [method, status] of [
    ['DELETE', 405],
    ['PATCH', 405],
    ['TRACE', 405],
    ['GET', 404],
  ] as const) {
    client.write(`${method} /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc`);
    const answer = await client.answer();
    assert.equal(answer.status, status);
    assert.equal(answer.fields.allow, status === 405 ? 'GET, HEAD, OPTIONS, POST, PUT' : undefined);
  }
  client.write(post('d'));
  assert.equal((await client.answer()).status, 204);
  await pool.stopInOrder();
  assert.equal(await received, 'd');
});
