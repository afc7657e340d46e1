import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { Socket } from 'node:net';
import { join } from 'node:path';

import { type ReadyCli, startCli } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/files.js';
import { send } from '../helpers/http.js';
import { piece, piecesIn, randomSize } from '../helpers/pieces.js';
import { test } from '../helpers/test.js';
import { buffer, once } from '../helpers/within.js';
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
  const sorted = found.toSorted((left, right) => left - right);
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

for (const [title, flags] of [
  ['a file', 'w'],
  ['a file in append mode', 'a'],
] as const) {
  test(`bodies of several workers are each in one piece in ${title}`, async (t) => {
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
