import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';

import { after } from '../helpers/after.js';
import { startCli } from '../helpers/cli.js';
import { noMounts, smallDisk } from '../helpers/disk.js';
import { counters, fetch, get, hold, post, RawClient, send } from '../helpers/http.js';
import { piece, piecesIn } from '../helpers/pieces.js';
import { startPool } from '../helpers/pool.js';
import { descriptorsOf } from '../helpers/processes.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { buffer, text } from '../helpers/within.js';

const http = ['--handler', 'http', '--workers', '1', '--log-level', 'debug'];

const mebibyte = 2 ** 20;

/** A body in two parts, with time between them. */
async function sendInTwo(port: number, body: string): Promise<number> {
  const client = await RawClient.connect(port);
  const request = post(body);
  client.write(request.slice(0, -1));
  await wait(20);
  client.write(request.slice(-1));
  const { status } = await client.answer();
  client.socket.end();
  await client.closed;
  return status;
}

/** At about a megabyte a second. */
async function sendAtPace(port: number, body: Buffer): Promise<number> {
  const client = await RawClient.connect(port);
  client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`);
  for (let at = 0; at < body.length; at += 20_000) {
    client.write(body.subarray(at, at + 20_000));
    await wait(20);
  }
  const { status } = await client.answer();
  client.socket.end();
  await client.closed;
  return status;
}

for (const [title, folder] of [
  ['', undefined],
  [', and there is no room for files', '/nonexistent'],
] as const) {
  test(`who comes at a pace is served beside many that hold a mebibyte each${title}`, async (t) => {
    const pool = await startCli(t, http, { env: { ...process.env, ...(folder !== undefined && { TMPDIR: folder }) } });
    const received = buffer(pool.stdout);
    const holding = await hold(pool.tcp, 80);
    await until('what they send is read', async () => {
      const { bytesIn } = await counters(pool.tcp);
      return bytesIn >= 63 * (mebibyte - 1);
    });
    // Some of them may have been refused as there was no room, and none of the others slow yet.
    await until('healthy', async () => (await fetch(`http://127.0.0.1:${pool.tcp}/healthz`)).status === 200);
    const delivered = [];
    for (let number = 0; number < 5; number++) {
      delivered.push(number);
      assert.equal(await sendAtPace(pool.tcp, piece(number, 200_000)), 204);
      delivered.push(number + 100);
      assert.equal(await sendInTwo(pool.tcp, piece(number + 100, 100).toString()), 204);
      assert.equal((await fetch(`http://127.0.0.1:${pool.tcp}/healthz`)).status, 200);
    }
    const refused = holding.filter(({ rest }) => rest !== '');
    for (const client of refused) assert.match(client.rest, folder === undefined ? /never/ : /^HTTP\/1\.1 (408|503) /);
    assert.equal(refused.length > 0, folder !== undefined);
    for (const client of holding) client.socket.destroy();
    await until('what they held is dropped', async () => {
      const { bytesIn, bytesOut, bytesDiscarded } = await counters(pool.tcp);
      return bytesIn === bytesOut + bytesDiscarded;
    });
    await pool.stopInOrder();
    assert.deepEqual(piecesIn(await received), delivered);
  });
}

test(
  'a long body without a file for it waits in memory, and no other has to give way',
  { skip: noMounts },
  async (t) => {
    const disk = await smallDisk(t, '2m');
    const args = ['--handler', 'http', '--workers', '1', '--max-body', '64m', '--log-level', 'debug'];
    const pool = await startCli(t, args, { env: { ...process.env, TMPDIR: disk } });
    const received = buffer(pool.stdout);
    const size = 1_600_000;
    const slow = await RawClient.connect(pool.tcp);
    slow.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n${'s'.repeat(size - 100)}`);
    await until('it has a file', () => descriptorsOf(pool.worker(0)).some((path) => path.endsWith(' (deleted)')));
    // From a quarter of a second on it counts as slow.
    await wait(500);
    assert.equal(await send(pool.tcp, 'o'.repeat(3_000_000)), 204);
    assert.equal((await pool.logged('spool')).error, 'ENOSPC');
    slow.write('s'.repeat(100));
    assert.equal((await slow.answer()).status, 204);
    await pool.stopInOrder();
    assert.equal((await received).length, size + 3_000_000);
  },
);

test('a long body at 200 KiB a second keeps nobody waiting', async (t) => {
  const pool = await startCli(t, [...http, '--max-body', '1g']);
  const received = text(pool.stdout);
  const slow = await RawClient.connect(pool.tcp);
  slow.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${2 ** 30}\r\n\r\n${'s'.repeat(2 * mebibyte)}`);
  const timer = setInterval(() => {
    slow.write('s'.repeat(20_480));
  }, 100);
  after(t, () => {
    clearInterval(timer);
  });
  let served = 0;
  for (const end = Date.now() + 7000; Date.now() < end; served += 2) {
    assert.equal(await send(pool.tcp, 'o'), 204);
    assert.equal(await sendInTwo(pool.tcp, 'oo'), 204);
  }
  clearInterval(timer);
  slow.socket.destroy();
  await pool.stopInOrder();
  assert.equal(await received, 'ooo'.repeat(served / 2));
});

test('where there is room for no more body, that is said, and health says so too', async (t) => {
  const folder = process.env.TMPDIR;
  process.env.TMPDIR = '/nonexistent';
  const { pool, port } = await startPool(t, { handler: 'http', maxBody: 2 ** 22 }).finally(() => {
    if (folder === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = folder;
  });
  // A reader that is slow, but reads.
  const reading = setInterval(() => {
    pool.output!.read(Math.min(20_000, pool.output!.readableLength));
  }, 50);
  after(t, () => {
    clearInterval(reading);
  });
  const senders = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(port)));
  // One after the other: of those that are whole none gives way.
  for (const [index, client] of senders.entries()) {
    client.write(post('x'.repeat(2 ** 22)));
    await until('read or refused', () => client.rest !== '' || pool.stats().total.bytesIn >= (index + 1) * 2 ** 22);
    if (client.rest !== '') break;
  }
  const refused = senders.find(({ rest }) => rest !== '')!;
  const { status, fields, body } = await refused.answer();
  assert.deepEqual([status, fields['retry-after'], body], [503, '5', 'there is no room for the body\n']);
  const health = await RawClient.connect(port);
  health.write(get('/healthz'));
  assert.equal((await health.answer()).status, 503);
  clearInterval(reading);
  pool.output!.resume();
  for (const client of senders.slice(0, senders.indexOf(refused))) assert.equal((await client.answer()).status, 204);
  await until('well again', async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).status === 200);
  assert.equal(await send(port, 'next'), 204);
});
