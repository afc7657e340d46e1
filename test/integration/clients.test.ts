import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { loadBinding } from '../../lib/native.js';
import { after } from '../helpers/after.js';
import { startCli } from '../helpers/cli.js';
import { client, deliver, write } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { halt } from '../helpers/halt.js';
import { startPool } from '../helpers/pool.js';
import { privateMemoryOf } from '../helpers/processes.js';
import { stalledClients } from '../helpers/stalled.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { once, text } from '../helpers/within.js';
import { addon } from '../native/addon.js';

test('a client that resets mid-stream ends only its own connection, and what it had sent is delivered', async (t) => {
  const pool = await startCli(t, ['--workers', '1', '--log-level', 'debug']);
  const received = text(pool.stdout);
  const worker = pool.worker(0);
  const [other, resetting] = [await client(pool.tcp), await client(pool.tcp)];
  await until('both accepted', () => pool.all('connect').length === 2);

  // While the worker stands still, the bytes and the reset behind them both arrive.
  await halt(worker);
  resetting.on('error', () => undefined);
  await write(resetting, 'r'.repeat(50_000));
  resetting.resetAndDestroy();
  await once(resetting, 'close');
  process.kill(worker, 'SIGCONT');

  const { error, bytes } = await pool.logged('reset');
  assert.deepEqual({ error, bytes }, { error: 'ECONNRESET', bytes: 50_000 });
  other.resume().end('still served');
  await once(other, 'close');
  assert.equal(pool.worker(0), worker);
  assert.deepEqual(pool.all('exit'), []);
  await pool.stopInOrder();
  assert.equal(await received, `${'r'.repeat(50_000)}still served`);
});

for (const kind of ['TCP', 'Unix'] as const) {
  test(`urgent data stays in the stream of a ${kind} socket`, async (t) => {
    const path = join(temporaryFolder(t), 'socket');
    const pool = await startCli(t, [], kind === 'Unix' ? { path } : {});
    const received = text(pool.stdout);
    const socket = await client(kind === 'Unix' ? path : pool.tcp);
    const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
    assert.equal(addon.send(fd, Buffer.from('one ')), 4);
    const sent = addon.sendUrgent(fd, Buffer.from('two '));
    if (kind === 'Unix' && sent < 0) {
      t.skip('before Linux 5.15');
      return;
    }
    assert.equal(sent, 4);
    socket.resume().end('three');
    await once(socket, 'close');
    await pool.stopInOrder();
    assert.equal(await received, 'one two three');
  });
}

test('a connection that breaks is counted as an error, one that ends is not', async (t) => {
  const { pool, port } = await startPool(t, {});
  pool.output!.resume();
  await deliver(port, 'x');
  const breaking = await client(port);
  await until('accepted', () => pool.stats().total.active === 1);
  breaking.resetAndDestroy();
  await until('closed', () => pool.stats().total.closed === 2);
  assert.equal(pool.stats().total.errors, 1);
});

test('clients that half-close, send nothing or only connect harm nobody', async (t) => {
  const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug']);
  const received = text(pool.stdout);
  const silent = await Promise.all(Array.from({ length: 20 }, () => client(pool.tcp)));
  for (let round = 0; round < 20; round++) {
    (await client(pool.tcp)).destroy();
    (await client(pool.tcp)).on('error', () => undefined).resetAndDestroy();
    await deliver(pool.tcp, '');
    await deliver(pool.tcp, 'x');
  }
  assert.ok(silent.every((socket) => !socket.closed));
  await pool.stopInOrder();
  assert.equal(await received, 'x'.repeat(20));
  assert.deepEqual(
    pool.all('exit').map(({ code }) => code),
    [0, 0],
  );
});

test('a connection that is written in single bytes arrives whole at a reader that stops', async (t) => {
  const pool = await startCli(t, ['--workers', '1', '--log-level', 'debug']);
  const socket = await client(pool.tcp);
  socket.setNoDelay(true);
  const bytes = Array.from({ length: 3000 }, (_, index) => String(index % 10));
  for (const byte of bytes) await write(socket, byte);
  const block = 'x'.repeat(2 ** 24);
  socket.write(block);
  await pool.logged('stall');
  const received = text(pool.stdout);
  socket.resume().end();
  await once(socket, 'close');
  await pool.stopInOrder();
  assert.ok((await received) === bytes.join('') + block);
});

// Whether it pauses depends on how fast the machine is; when it should, native/pacer says.
test('a worker that may pause for a second delivers all, accepts and stops all the same', async (t) => {
  const pool = await startCli(t, ['--workers', '1', '--batch-delay', '1s', '--log-level', 'debug']);
  const received = text(pool.stdout);
  const busy = await client(pool.tcp);
  const messages = Array.from({ length: 2000 }, (_, index) => `message ${index}\n`);
  for (const message of messages) {
    busy.write(message);
    await setImmediate();
  }
  await deliver(pool.tcp, 'late');
  busy.resume().end();
  await once(busy, 'close');
  await pool.stopInOrder();
  assert.equal((await received).replace('late', ''), messages.join(''));
});

test('a client that sends without end does not keep a slow reader from the others', async (t) => {
  const [readEnd, writeEnd] = loadBinding().binding.pipe();
  // A process for every 64 KiB: slower than any client, until it is told to make haste.
  const loop = 'trap "exec cat" USR1; while :; do dd bs=65536 count=1 status=none || exit; done';
  const slow = spawn('sh', ['-c', loop], { stdio: [readEnd, 'pipe', 'ignore'] });
  closeSync(readEnd);
  const { pool, port } = await startPool(t, { output: writeEnd });
  closeSync(writeEnd);
  const pour = `const socket = require('node:net').connect(${port}, '127.0.0.1');
    const block = Buffer.alloc(2 ** 20, 'x');
    const pour = () => { while (socket.write(block)); };
    socket.on('drain', pour).on('error', () => process.exit()).resume();
    pour();`;
  const flood = spawn(process.execPath, ['-e', pour], { stdio: 'ignore' });
  const ended = Promise.all([once(flood, 'exit'), once(slow, 'exit')]);
  after(t, async () => {
    flood.kill('SIGKILL');
    await pool.stop();
    slow.kill('SIGKILL');
    await ended;
  });
  await once(slow.stdout!, 'data');
  const others = await Promise.all(Array.from({ length: 3 }, () => client(port)));
  for (const [index, other] of others.entries()) other.write(`HELLO${index}`);
  const missing = new Set(['HELLO0', 'HELLO1', 'HELLO2']);
  slow.stdout!.on('data', (chunk: Buffer) => {
    for (const [word] of chunk.toString().matchAll(/HELLO\d/g)) missing.delete(word);
  });
  await until('everybody is heard', () => missing.size === 0);
  for (const other of others) other.destroy();
  flood.kill('SIGKILL');
  slow.kill('SIGUSR1');
});

test('a slow reader stops neither signals nor accepting, and memory stays bounded', async (t) => {
  const pool = await startCli(t, ['--workers', '1', '--log-level', 'debug', '--drain-timeout', '10m']);
  await stalledClients(pool, 20, 2 ** 16);
  const before = privateMemoryOf(pool.worker(0));

  const late = await client(pool.tcp);
  await until('accepted while stalled', () => pool.all('connect').length === 21);
  await write(late, 'late');
  assert.ok(privateMemoryOf(pool.worker(0)) - before < 1024, 'grows with what waits');

  // Stopped while stalled: it hears the signal, waits for the reader, and delivers all.
  pool.child.kill('SIGTERM');
  await pool.logged('drain');
  const received = text(pool.stdout);
  assert.equal((await pool.exited).code, 0);
  assert.equal((await received).length, 20 * 2 ** 16 + 4);
});
