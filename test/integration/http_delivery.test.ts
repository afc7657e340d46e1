import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { Socket } from 'node:net';
import { join } from 'node:path';

import { after } from '../helpers/after.js';
import { type ReadyCli, startCli } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/files.js';
import { counters, fetch, post, RawClient, send } from '../helpers/http.js';
import { piece, piecesIn, randomSize } from '../helpers/pieces.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { startPool } from '../helpers/pool.js';
import { buffer, once, text } from '../helpers/within.js';
import { addon } from '../native/addon.js';

const http = ['--handler', 'http', '--log-level', 'debug', '--max-body', '16m'];
const scale = Number(process.env.PROCPOOL_TEST_SCALE ?? 1);
const amount = Math.ceil(3000 / scale);

/** Many senders at once, of bodies from a byte to beyond what is gathered, which streams. Returns the numbers that were answered. */
async function sendPieces(port: number, count: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const answered: number[] = [];
  await Promise.all(
    Array.from({ length: count }, async (_, number) => {
      const status = await send(port, piece(number, number % 100 === 7 ? 1_500_000 : randomSize(300_000)), agent).catch(
        () => 0,
      );
      if (status === 204) answered.push(number);
    }),
  );
  agent.destroy();
  return answered;
}

function assertAll(found: number[]): void {
  const sorted = found.toSorted((one, other) => one - other);
  assert.deepEqual(
    sorted,
    Array.from({ length: amount }, (_, number) => number),
  );
}

async function sendAll(pool: ReadyCli): Promise<void> {
  assert.equal((await sendPieces(pool.tcp, amount)).length, amount);
  await pool.stopInOrder();
}

test('bodies of several workers are each in one piece on a pipe', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '3']);
  const received = buffer(pool.stdout);
  await sendAll(pool);
  assertAll(piecesIn(await received));
});

for (const [what, flags] of [
  ['a file', 'w'],
  ['a file in append mode', 'a'],
] as const) {
  test(`bodies of several workers are each in one piece in ${what}`, async (t) => {
    const path = join(temporaryFolder(t), 'out');
    const file = openSync(path, flags);
    const pool = await startCli(t, [...http, '--workers', '3'], { stdout: file });
    closeSync(file);
    await sendAll(pool);
    assertAll(piecesIn(readFileSync(path)));
  });
}

test('bodies of several workers are each in one piece on a socket', async (t) => {
  const [readEnd, writeEnd] = addon.socketPair();
  const pool = await startCli(t, [...http, '--workers', '3'], { stdout: writeEnd });
  closeSync(writeEnd);
  const received = buffer(new Socket({ fd: readEnd, readable: true, writable: false }));
  await sendAll(pool);
  assertAll(piecesIn(await received));
});

test('bodies are each in one piece for a reader that stops now and then', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '3']);
  const chunks: Buffer[] = [];
  pool.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    pool.stdout.pause();
    setTimeout(() => pool.stdout.resume(), 1);
  });
  const answered = await sendPieces(pool.tcp, Math.ceil(amount / 10));
  assert.equal(answered.length, Math.ceil(amount / 10));
  assert.ok(pool.all('stall').length > 0);
  const ended = once(pool.stdout, 'end');
  await pool.stopInOrder();
  await ended;
  assert.equal(piecesIn(Buffer.concat(chunks)).length, answered.length);
});

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
  let taken = 0;
  const reading = setInterval(() => {
    taken += (output.read(Math.min(20_000, output.readableLength)) as Buffer | null)?.length ?? 0;
  }, 50);
  after(t, () => {
    clearInterval(reading);
  });
  const sender = await RawClient.connect(port);
  sender.write(post('x'.repeat(2 ** 20)).repeat(5));
  await until('slow for longer than the limit', () => pool.stats().total.stalledMs > 7000);
  assert.ok(taken > 0);
  for (let round = 0; round < 4; round++) assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
  clearInterval(reading);
  output.resume();
  for (let round = 0; round < 5; round++) assert.equal((await sender.answer()).status, 204);
});

test('a worker behind one that hangs with the turn refuses what it cannot deliver, and none of it is', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '2']);
  const long = await RawClient.connect(pool.tcp);
  long.write(post('s'.repeat(4_000_000)));
  await pool.logged('stall');
  const holder = pool.worker(0);
  process.kill(holder, 'SIGSTOP');
  const received = text(pool.stdout);
  // Connections of the one that hangs wait for it.
  const others = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(pool.tcp)));
  for (const one of others) one.write(post('refused'));
  await until('all those of the other are answered', () => {
    const answered = others.filter(({ rest }) => rest !== '').length;
    return answered >= 2 && answered === pool.all('connect').filter(({ worker }) => worker === 1).length;
  });
  for (const one of others.filter(({ rest }) => rest !== '')) assert.equal((await one.answer()).status, 503);
  for (const one of others) one.socket.destroy();
  process.kill(holder, 'SIGCONT');
  assert.equal((await long.answer()).status, 204);
  await pool.stopInOrder();
  assert.equal((await received).replaceAll('refused', '').length, 4_000_000);
});

test('a worker that dies while stdout takes nothing leaves no stall behind', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '2']);
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

test('nothing is delivered of a body that turns out to be too large, or breaks off, up to a mebibyte', async (t) => {
  const pool = await startCli(t, ['--handler', 'http', '--log-level', 'debug']);
  const received = text(pool.stdout);
  const chunk = `10000\r\n${'c'.repeat(65_536)}\r\n`;
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
  const large = await RawClient.connect(pool.tcp);
  large.write(head + chunk.repeat(16));
  await until('read', async () => (await counters(pool.tcp)).bytesIn === 2 ** 20);
  large.write(chunk);
  assert.equal((await large.answer()).status, 413);
  const broken = await RawClient.connect(pool.tcp);
  broken.write(head + chunk.repeat(16));
  await until('read', async () => (await counters(pool.tcp)).bytesIn === 2 ** 21);
  broken.socket.destroy();
  await until('discarded', async () => (await counters(pool.tcp)).bytesDiscarded === 2 ** 21);
  assert.deepEqual(pool.all('torn'), []);
  await pool.stopInOrder();
  assert.equal(await received, '');
});

test('a long body that is slow keeps nobody waiting, and nothing of it is delivered before all of it is here', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '2']);
  const received = text(pool.stdout);
  const slow = await RawClient.connect(pool.tcp);
  slow.write(`POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2dc6c0\r\n${'s'.repeat(3_000_000)}`);
  await until('read', async () => (await counters(pool.tcp)).bytesIn === 3_000_000);
  for (let round = 0; round < 10; round++) assert.equal(await send(pool.tcp, 'o'), 204);
  assert.equal((await counters(pool.tcp)).bytesOut, 10);
  slow.write('\r\n0\r\n\r\n');
  assert.equal((await slow.answer()).status, 204);
  await pool.stopInOrder();
  assert.match(await received, /^o{10}s{3000000}$/);
});

test('nothing is delivered of a long body whose client breaks off', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '2']);
  const received = text(pool.stdout);
  let read = 0;
  for (const how of ['destroy', 'resetAndDestroy'] as const) {
    const broken = await RawClient.connect(pool.tcp);
    broken.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n${'s'.repeat(2_000_000)}`);
    read += 2_000_000;
    await until('read', async () => (await counters(pool.tcp)).bytesIn === read);
    broken.socket[how]();
  }
  await until('dropped', async () => (await counters(pool.tcp)).bytesDiscarded === read);
  assert.equal(await send(pool.tcp, 'next'), 204);
  await pool.stopInOrder();
  assert.equal(await received, 'next');
  assert.deepEqual(pool.all('torn'), []);
});

test('what a worker tears at its death is ended with a newline by the next, where there is none', async (t) => {
  for (const [what, body, expected] of [
    ['a body in memory', 's'.repeat(300_000), /^s+\nnext\n$/],
    ['a body in a file', 's'.repeat(3_000_000), /^s+\nnext\n$/],
    ['lines', 's'.repeat(4095).concat('\n').repeat(13), /^(s{4095}\n)+next\n$/],
  ] as const) {
    const pool = await startCli(t, [...http, '--workers', '2']);
    const torn = await RawClient.connect(pool.tcp);
    torn.write(post(body).repeat(10));
    await pool.logged('stall');
    process.kill(pool.worker(0), 'SIGKILL');
    await pool.logged('exit');
    const received = text(pool.stdout);
    assert.equal(await send(pool.tcp, 'next\n'), 204);
    assert.equal((await counters(pool.tcp)).torn, 1, what);
    await pool.logged('mended');
    torn.socket.destroy();
    await pool.stop();
    assert.match(await received, expected, what);
  }
});

test('a worker that dies before any of its body is out tears nothing', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '2']);
  const first = await RawClient.connect(pool.tcp);
  first.write(post('first'));
  assert.equal((await first.answer()).status, 204);
  process.kill(pool.worker(0), 'SIGKILL');
  await pool.logged('exit');
  const received = text(pool.stdout);
  assert.equal(await send(pool.tcp, 'next'), 204);
  assert.equal((await counters(pool.tcp)).torn, 0);
  await pool.stopInOrder();
  assert.equal(await received, 'firstnext');
});

test('every body that was answered is on stdout, whatever workers are killed', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '3']);
  const received = buffer(pool.stdout);
  const killed = new Set<number>();
  const killer = setInterval(() => {
    const pid = pool.worker(killed.size % 3);
    if (killed.has(pid) || pool.all('exit').length < killed.size) return;
    killed.add(pid);
    process.kill(pid, 'SIGKILL');
  }, 50);
  after(t, () => {
    clearInterval(killer);
  });
  const answered = new Set<number>();
  const senders = Array.from({ length: 16 }, async (_, sender) => {
    for (let count = 0; killed.size < 12; count++) {
      const number = sender * 1_000_000 + count;
      const status = await send(pool.tcp, piece(number, 3000)).catch(() => 0);
      if (status === 204) answered.add(number);
    }
  });
  await Promise.all(senders);
  clearInterval(killer);
  assert.ok(answered.size > 0);
  await pool.stop();
  const delivered = (await received).toString('latin1');
  for (const number of answered) assert.ok(delivered.includes(piece(number, 3000).toString()), String(number));
});
