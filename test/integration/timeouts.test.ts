import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { suite } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { startCli } from '../helpers/cli.js';
import { client } from '../helpers/clients.js';
import { noFaults, startTraceable, trace } from '../helpers/faults.js';
import { startPool } from '../helpers/pool.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { once, text } from '../helpers/within.js';

/** Sends a byte now and then, until it is told to stop. */
function trickle(socket: Socket): () => void {
  const timer = setInterval(() => socket.write('.'), 20);
  socket.on('close', () => {
    clearInterval(timer);
  });
  return () => {
    clearInterval(timer);
  };
}

test('a silent client is closed, not before its time; one that sends stays until it is silent too', async (t) => {
  const pool = await startCli(t, ['--workers', '1', '--log-level', 'debug', '--idle-timeout', '2s']);
  const received = text(pool.stdout);
  const [silent, sender] = [await client(pool.tcp), await client(pool.tcp)];
  const stop = trickle(sender);
  const silentClosed = once(silent.resume(), 'close');

  const { reason, bytes } = await pool.logged('timeout');
  assert.deepEqual({ reason, bytes }, { reason: 'idle', bytes: 0 });
  await silentClosed;
  assert.equal(sender.closed, false);
  stop();
  await once(sender.resume(), 'close');

  const [connected] = pool.all('connect');
  const [closed] = pool.all('timeout');
  assert.ok(connected && closed && Date.parse(closed.time) - Date.parse(connected.time) >= 2000);
  await pool.stopInOrder();
  assert.equal((await received).length, pool.all('timeout')[1]?.bytes);
});

test('no client is cut that is only kept waiting by the reader of stdout', async (t) => {
  const idleTimeout = 300;
  const { pool, port } = await startPool(t, { idleTimeout });
  const socket = await client(port);
  const bytes = Buffer.alloc(4 * 2 ** 20, 'x');
  socket.resume().write(bytes);
  await until('stalled for long', () => pool.stats().total.stalledMs > 4 * idleTimeout);
  assert.equal(pool.stats().total.idleTimeouts, 0);

  let received = 0;
  pool.output?.on('data', (chunk: Buffer) => (received += chunk.length));
  await once(socket, 'close');
  await until('all delivered', () => received === bytes.length);
  assert.equal(pool.stats().total.idleTimeouts, 1);
  assert.equal(pool.stats().total.bytesLate, 0);
});

test('a client that does not begin in time is closed, one that has begun may be silent', async (t) => {
  const { pool, port } = await startPool(t, { firstByteTimeout: 500 });
  const begun = await client(port);
  begun.resume().write('a');
  await until('begun', () => pool.stats().total.bytesIn === 1);
  const silent = await client(port);
  await once(silent.resume(), 'close');
  assert.equal(pool.stats().total.firstByteTimeouts, 1);
  assert.equal(begun.closed, false);
  assert.equal(pool.stats().total.active, 1);
});

test('a client is closed at its greatest age, and what it had sent is delivered', async (t) => {
  const { pool, port } = await startPool(t, { maxAge: 500, idleTimeout: 60_000 });
  let received = '';
  pool.output?.on('data', (chunk: Buffer) => (received += chunk.toString()));
  const socket = await client(port);
  socket.on('error', () => undefined);
  trickle(socket);
  await once(socket.resume(), 'close');
  const { maxAgeTimeouts, idleTimeouts, bytesIn, bytesOut } = pool.stats().total;
  assert.deepEqual(
    { maxAgeTimeouts, idleTimeouts, bytesOut },
    { maxAgeTimeouts: 1, idleTimeouts: 0, bytesOut: bytesIn },
  );
  await until('delivered', () => received === '.'.repeat(bytesIn));
});

test('what waits for stdout at the greatest age is delivered before the connection is closed', async (t) => {
  const { pool, port } = await startPool(t, { maxAge: 500 });
  const filler = await client(port);
  filler.on('error', () => undefined);
  filler.resume().write(Buffer.alloc(4 * 2 ** 20, 'x'));
  await until('stalled', () => pool.stats().workers.some(({ stalledMs }) => stalledMs > 0));
  const socket = await client(port);
  socket.resume().write(Buffer.alloc(50_000, 'y'));
  await until('stalled for longer than the age', () => pool.stats().total.stalledMs > 1000);
  let received = 0;
  pool.output?.on('data', (chunk: Buffer) => (received += chunk.filter((byte) => byte === 0x79).length));
  await once(socket, 'close');
  await until('all delivered', () => received === 50_000);
});

test('the earliest of several deadlines counts', async (t) => {
  const { pool, port } = await startPool(t, { firstByteTimeout: 60_000, idleTimeout: 200, maxAge: 60_000 });
  await once((await client(port)).resume(), 'close');
  assert.equal(pool.stats().total.idleTimeouts, 1);
});

test('a deadline that is earlier than all that are pending is kept', async (t) => {
  const { pool, port } = await startPool(t, { firstByteTimeout: 500, idleTimeout: 3_600_000 });
  pool.output!.resume();
  const begun = await client(port);
  begun.write('x');
  await until('begun', () => pool.stats().total.bytesIn === 1);
  for (let round = 0; round < 2; round++) await once((await client(port)).resume(), 'close');
  assert.equal(pool.stats().total.firstByteTimeouts, 2);
  begun.destroy();
});

test('1000 silent clients are all closed while others are served', async (t) => {
  const { pool, port } = await startPool(t, { workers: 2, idleTimeout: 1000, output: 'pipe' });
  pool.output?.resume();
  const sender = await client(port);
  const stop = trickle(sender);
  const silent = await Promise.all(Array.from({ length: 1000 }, () => client(port)));
  await Promise.all(silent.map((socket) => once(socket.resume(), 'close')));
  assert.equal(pool.stats().total.idleTimeouts, 1000);
  assert.equal(sender.closed, false);
  stop();
  sender.destroy();
});

test('a worker that takes over goes on with the time that a client has been idle for', async (t) => {
  const idleTimeout = 3000;
  const { pool, port } = await startPool(t, { idleTimeout });
  const socket = await client(port);
  const closed = once(socket.resume(), 'close');
  await until('accepted', () => pool.stats().total.active === 1);
  const began = performance.now();
  await wait(idleTimeout / 2);
  const takenOver = once(pool, 'worker:takeover');
  process.kill(pool.stats().workers[0]?.pid ?? 0, 'SIGKILL');
  await takenOver;
  const late = performance.now() + idleTimeout;
  await closed;
  const now = performance.now();
  assert.ok(now - began > idleTimeout - 100, `closed after ${now - began} ms`);
  assert.ok(now < late - 100, 'its time began anew');
  assert.equal(pool.stats().total.idleTimeouts, 1);
});

test('a worker that replaces one that was killed keeps time as well', async (t) => {
  const { pool, port } = await startPool(t, { idleTimeout: 200, onDeath: 'restart' });
  process.kill(pool.stats().workers[0]?.pid ?? 0, 'SIGKILL');
  await once(pool, 'worker:start');
  await once((await client(port)).resume(), 'close');
  assert.equal(pool.stats().total.idleTimeouts, 1);
});

suite('system calls', { skip: noFaults }, () => {
  test('a worker with nothing to do makes none, whatever deadlines are pending', async (t) => {
    const pool = await startTraceable(t, [
      '--workers',
      '1',
      '--log-level',
      'debug',
      '--idle-timeout',
      '1h',
      '--max-age',
      '2h',
    ]);
    const socket = await client(pool.tcp);
    await pool.logged('connect');
    const calls = await trace(t, pool.worker(0));
    await wait(1000);
    assert.deepEqual(await calls(), []);
    socket.destroy();
  });

  test('the interval timer is stopped when the last connection has ended', async (t) => {
    const pool = await startTraceable(t, ['--workers', '1', '--log-level', 'debug', '--idle-timeout', '1h']);
    const calls = await trace(t, pool.worker(0), 'setitimer');
    const [first, second] = [await client(pool.tcp), await client(pool.tcp)];
    await until('accepted', () => pool.all('connect').length === 2);
    first.destroy();
    second.destroy();
    await until('closed', () => pool.all('close').length === 2);
    const timers = await calls();
    assert.equal(timers.length, 2, timers.join('\n'));
    assert.match(timers[0] ?? '', /it_value=\{tv_sec=[1-9]\d{2}/);
    assert.match(timers[1] ?? '', /it_value=\{tv_sec=0, tv_usec=0\}/);
  });
});
