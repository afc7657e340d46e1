import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'node:test';

import { after } from '../helpers/after.js';
import { startCli } from '../helpers/cli.js';
import { client } from '../helpers/clients.js';
import { noFaults, trace, traceable } from '../helpers/faults.js';
import { startPool } from '../helpers/pool.js';
import { privateMemoryOf } from '../helpers/processes.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { buffer, once, text } from '../helpers/within.js';

const echo = ['--handler', 'echo', '--log-level', 'debug'];

test('every client gets back exactly what it sent, and stdout nothing', async (t) => {
  const pool = await startCli(t, [...echo, '--workers', '2']);
  const delivered = text(pool.stdout);
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const bytes = randomBytes(4 * 2 ** 20);
      const socket = await client(pool.tcp);
      socket.end(bytes);
      assert.ok((await buffer(socket)).equals(bytes));
    }),
  );
  await pool.stopInOrder();
  assert.equal(await delivered, '');
});

test('a client that takes nothing back holds one buffer at most, is timed out, and the others are served', async (t) => {
  const pool = await startCli(t, [...echo, '--workers', '1', '--idle-timeout', '2s']);
  const greedy = await client(pool.tcp);
  greedy.on('error', () => undefined);
  greedy.pause();
  const before = privateMemoryOf(pool.worker(0));
  // More than both sockets hold.
  greedy.write(Buffer.alloc(64 * 2 ** 20, 'x'));
  const other = await client(pool.tcp);
  while (pool.all('timeout').length === 0) {
    other.write('ping');
    const [answer] = (await once(other, 'data')) as [Buffer];
    assert.equal(answer.toString(), 'ping');
    assert.ok(privateMemoryOf(pool.worker(0)) - before < 1024);
  }
  const { reason, bytes = 0 } = await pool.logged('timeout');
  assert.equal(reason, 'idle');
  assert.ok(bytes > 0 && bytes < 64 * 2 ** 20);
  other.end();
  await pool.stopInOrder();
});

test('what a client does not take back at once it gets later', async (t) => {
  const { pool, port } = await startPool(t, { handler: 'echo', output: undefined });
  const bytes = randomBytes(32 * 2 ** 20);
  const socket = (await client(port)).pause();
  socket.end(bytes);
  let before = 0;
  await until('the worker keeps some of them', () => {
    const { bytesIn, bytesOut } = pool.stats().total;
    const kept = bytesIn > bytesOut && bytesIn === before;
    before = bytesIn;
    return kept;
  });
  assert.ok((await buffer(socket)).equals(bytes));
});

test('a client that takes its bytes back slowly gets all of them, also at a stop', async (t) => {
  const pool = await startCli(t, [...echo, '--workers', '1']);
  const socket = await client(pool.tcp);
  const bytes = randomBytes(1_000_000);
  socket.pause().write(bytes);
  await until('the worker waits for its client', () => socket.writableLength === 0);
  const stopped = pool.stop();
  await pool.logged('drain');
  assert.ok((await buffer(socket)).equals(bytes));
  assert.equal((await stopped).code, 0);
});

test('a client that breaks off with its bytes on their way back is no loss', async (t) => {
  const pool = await startCli(t, [...echo, '--workers', '1']);
  const socket = await client(pool.tcp);
  socket.on('error', () => undefined);
  socket.pause().write(Buffer.alloc(64 * 2 ** 20, 'x'));
  await once(socket.resume(), 'data');
  socket.resetAndDestroy();
  await pool.logged('reset');
  await pool.stopInOrder();
});

test('a Unix socket echoes as well', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'procpool-echo-'));
  after(t, () => {
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, 'socket');
  const pool = await startCli(t, echo, { path });
  const socket = await client(path);
  socket.end('over here');
  assert.equal(await text(socket), 'over here');
  await pool.stopInOrder();
});

suite('system calls', { skip: noFaults }, () => {
  test('a connection is watched for writing only while its socket does not take all', async (t) => {
    const pool = await startCli(t, [...echo, '--workers', '1'], { env: traceable });
    const calls = await trace(t, pool.worker(0), 'epoll_ctl');
    const socket = await client(pool.tcp);
    for (let round = 0; round < 10; round++) {
      socket.write('ping');
      await once(socket, 'data');
    }
    socket.pause().write(Buffer.alloc(64 * 2 ** 20, 'x'));
    await until('all echoed', () => {
      socket.resume();
      return socket.bytesRead === 40 + 64 * 2 ** 20;
    });
    socket.destroy();
    await pool.logged('close');
    const watched = await calls();
    assert.match(watched[0] ?? '', /EPOLL_CTL_ADD.*events=EPOLLIN,/);
    watched.slice(1).forEach((call, index) => {
      assert.match(call, index % 2 === 0 ? /EPOLL_CTL_MOD.*events=EPOLLOUT,/ : /EPOLL_CTL_MOD.*events=EPOLLIN,/);
    });
    assert.equal(watched.length % 2, 1);
  });
});
