import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

import { startCli } from '../helpers/cli.js';
import { counters, hold, post, RawClient, send } from '../helpers/http.js';
import { piece, piecesIn, randomSize } from '../helpers/pieces.js';
import { descriptorsOf, privateMemoryOf } from '../helpers/processes.js';
import { noMemoryLimits, sanitized } from '../helpers/sanitizer.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { buffer, text } from '../helpers/within.js';

const http = ['--handler', 'http', '--workers', '1', '--log-level', 'debug'];

const mebibyte = 2 ** 20;

test('what a worker holds of all bodies in memory is bounded: the rest is in files without names', async (t) => {
  const pool = await startCli(t, http);
  const received = text(pool.stdout);
  const worker = pool.worker(0);
  const before = privateMemoryOf(worker);
  const holding = await hold(pool.tcp, 100);
  await until('all is read', async () => (await counters(pool.tcp)).bytesIn === 100 * (mebibyte - 1));
  const files = (): number => descriptorsOf(worker).filter((path) => path.endsWith(' (deleted)')).length;
  assert.ok(files() > 0);
  assert.ok(sanitized || privateMemoryOf(worker) - before < 80 * 1024);
  for (const client of holding.slice(50)) client.socket.destroy();
  for (const client of holding.slice(0, 50)) client.write('x');
  for (const client of holding.slice(0, 50)) assert.equal((await client.answer()).status, 204);
  await until('all closed', async () => (await counters(pool.tcp)).active <= 52);
  assert.equal(files(), 0);
  for (const client of holding) client.socket.destroy();
  await pool.stopInOrder();
  assert.equal((await received).length, 50 * mebibyte);
});

function limitMemory(pid: number, bytes: string): void {
  assert.equal(spawnSync('prlimit', ['--pid', String(pid), `--as=${bytes}:`]).status, 0);
}

const noLimits = noMemoryLimits || (spawnSync('prlimit', ['--version']).status !== 0 && 'needs prlimit(1)');

/** Pieces one behind the other on a connection: how many were answered, with what. */
async function pipeline(port: number, numbers: number[], sizes: number[], into: Map<number, number>): Promise<void> {
  const client = await RawClient.connect(port);
  client.write(numbers.map((number, index) => post(piece(number, sizes[index]!).toString())).join(''));
  for (const number of numbers) {
    await until('an answer, or the end', () => client.rest.includes('\r\n\r\n') || client.socket.destroyed);
    if (!client.rest.includes('\r\n\r\n')) break;
    into.set(number, (await client.answer()).status);
  }
  client.socket.destroy();
}

test(
  'what is answered 204 is delivered, and what is answered 503 is not, wherever memory ends',
  { skip: noLimits },
  async (t) => {
    const pool = await startCli(t, [...http, '--log-level', 'info']);
    const received = buffer(pool.stdout);
    const worker = pool.worker(0);
    const statuses = new Map<number, number>();
    let numbers = 0;
    let over = false;
    const senders = Array.from({ length: 16 }, async () => {
      while (!over) {
        const sizes = [900_000, 200_000, 5000].map(randomSize);
        await pipeline(
          pool.tcp,
          sizes.map(() => numbers++),
          sizes,
          statuses,
        );
      }
    });
    for (let round = 0; (await counters(pool.tcp).catch(() => ({ outOfMemory: 0 }))).outOfMemory < 50; round++) {
      const kibibytes = Number(/^VmSize:\s*(\d+)/m.exec(readFileSync(`/proc/${worker}/status`, 'latin1'))?.[1]);
      limitMemory(worker, String(kibibytes * 1024 + (round % 8) * 2 ** 18));
      await wait(30);
      limitMemory(worker, 'unlimited');
    }
    over = true;
    await Promise.all(senders);
    const { bytesIn, bytesOut, bytesDiscarded } = await counters(pool.tcp);
    assert.equal(bytesIn, bytesOut + bytesDiscarded);
    assert.equal(pool.worker(0), worker);
    await pool.stopInOrder();
    const delivered = new Set(piecesIn(await received));
    for (const [number, status] of statuses)
      assert.equal(delivered.has(number), status === 204, `${number}: ${status}`);
  },
);

test('a worker without memory answers 503, and lives', { skip: noLimits }, async (t) => {
  const pool = await startCli(t, [...http, '--max-body', '16m']);
  const received = text(pool.stdout);
  const worker = pool.worker(0);
  const clients = await Promise.all(Array.from({ length: 40 }, () => RawClient.connect(pool.tcp)));
  await until('all are there', () => pool.all('connect').length === clients.length);
  const kibibytes = Number(/^VmSize:\s*(\d+)/m.exec(readFileSync(`/proc/${worker}/status`, 'latin1'))?.[1]);
  limitMemory(worker, String(kibibytes * 1024 + 2 ** 20));
  for (const client of clients) {
    client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${mebibyte}\r\n\r\n`);
    client.write(Buffer.alloc(mebibyte / 2, 'x'));
  }
  await until('one is refused', () => clients.some(({ rest }) => rest !== ''));
  const refused = clients.filter(({ rest }) => rest !== '');
  for (const client of refused) {
    const { status, fields } = await client.answer();
    assert.deepEqual([status, fields.connection], [503, 'close']);
  }
  assert.equal(await send(pool.tcp, 'small'), 204);
  limitMemory(worker, 'unlimited');
  const others = clients.filter((client) => !refused.includes(client));
  for (const client of others) client.write(Buffer.alloc(mebibyte / 2, 'x'));
  let delivered = 0;
  for (const client of others) {
    const { status } = await client.answer();
    assert.ok(status === 204 || status === 503);
    if (status === 204) delivered += 1;
  }
  for (const client of clients) client.socket.destroy();
  assert.ok((await counters(pool.tcp)).rejected > 0);
  assert.equal(pool.worker(0), worker);
  await pool.stopInOrder();
  assert.equal((await received).length, 'small'.length + delivered * mebibyte);
  assert.equal(pool.all('exit').filter(({ signal }) => signal !== undefined).length, 0);
});
