import assert from 'node:assert/strict';

import { after } from '../helpers/after.js';
import { startCli, startInGroup } from '../helpers/cli.js';
import { client, clientsThatSent, write } from '../helpers/clients.js';
import { inject, noFaults, traceable } from '../helpers/faults.js';
import { halt, resume } from '../helpers/halt.js';
import { ProcessPool } from '../helpers/pool.js';
import { stalledClients } from '../helpers/stalled.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { text } from '../helpers/within.js';
import { addon } from '../native/addon.js';

test('a drain whose time is over says how many bytes were not delivered and ends with 1', async (t) => {
  const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug', '--drain-timeout', '20ms']);
  await stalledClients(pool, 20, 2 ** 16);
  pool.child.kill('SIGTERM');
  assert.deepEqual(await pool.exited, { code: 1, signal: null });
  assert.equal((await text(pool.stdout)).length + (pool.all('undelivered')[0]?.bytes ?? 0), 20 * 2 ** 16);
  assert.deepEqual(pool.complaints, []);
});

test('a drain of no time counts all that it does not deliver, in sockets and in the queue', async (t) => {
  for (const workers of [1, 3]) {
    const pool = await startCli(t, ['--workers', String(workers), '--drain-timeout', '0s']);
    const received = text(pool.stdout);
    const pids = pool.workers;
    const served = await clientsThatSent(pool.tcp, 50, '');
    await halt(...pids);
    await Promise.all(served.map((socket) => write(socket, '12345678')));
    await clientsThatSent(pool.tcp, 50, '12345678');
    pool.child.kill('SIGTERM');
    await pool.logged('expire');
    resume(...pids);
    const { code } = await pool.exited;
    const missing = 800 - (await received).length;
    assert.equal(pool.all('undelivered')[0]?.bytes ?? 0, missing);
    assert.equal(code, missing > 0 ? 1 : 0);
  }
});

test('past the deadline a worker counts for as long as that takes', { skip: noFaults }, async (t) => {
  const pool = await startInGroup(t, ['--workers', '1', '--log-level', 'debug'], { env: traceable });
  await clientsThatSent(pool.tcp, 100, Buffer.alloc(2 ** 14, 'x'));
  await pool.logged('stall');
  await until('all accepted', () => pool.all('connect').length === 100);
  pool.child.kill('SIGTERM');
  await pool.logged('drain');
  // Longer in all than the supervisor waits for one that does not move.
  await inject(t, pool.worker(0), 'ioctl:delay_enter=30000');
  pool.child.kill('SIGTERM');
  assert.deepEqual(await pool.exited, { code: 1, signal: null });
  assert.deepEqual(pool.all('kill'), []);
  const received = (await text(pool.stdout)).length;
  assert.equal(received + (pool.all('undelivered')[0]?.bytes ?? 0), 100 * 2 ** 14);
});

test('what is staged at the deadline is offered to the output once more', async (t) => {
  const pool = await startInGroup(t, ['--workers', '1', '--log-level', 'debug']);
  await clientsThatSent(pool.tcp, 16, Buffer.alloc(2 ** 16, 'x'));
  await pool.logged('stall');
  const worker = pool.worker(0);
  await halt(worker);
  // The output is empty, but the worker hears of the deadline first.
  const { fd } = (pool.stdout as unknown as { _handle: { fd: number } })._handle;
  let before = 0;
  await until('all is read', () => {
    for (let chunk; (chunk = pool.stdout.read() as Buffer | null) !== null;) before += chunk.length;
    return before > 0 && addon.readableBytes(fd) === 0 && pool.stdout.readableLength === 0;
  });
  pool.child.kill('SIGTERM');
  await pool.logged('drain');
  pool.child.kill('SIGTERM');
  await pool.logged('expire');
  resume(worker);
  assert.deepEqual(await pool.exited, { code: 1, signal: null });
  const after = (await text(pool.stdout)).length;
  assert.ok(after > 0, 'nothing was offered');
  assert.equal(before + after + (pool.all('undelivered')[0]?.bytes ?? 0), 2 ** 20);
});

test('a time that is given with a signal counts, also if the signal has been seen', async (t) => {
  const pool = new ProcessPool({ port: 0, host: '127.0.0.1', workers: 1, output: 'pipe', drainTimeout: 600_000 });
  await pool.start();
  after(t, () => pool.output?.destroy());
  const { port } = pool.address() as { port: number };
  const socket = await client(port);
  socket.on('error', () => undefined).write(Buffer.alloc(2 ** 22));
  await until('stalled', () => pool.stats().total.bytesIn > 0 && pool.stats().total.stalledMs > 0);
  process.kill(pool.stats().pid!, 'SIGTERM');
  await until('stopping', () => pool.stats().state === 'draining');
  await assert.rejects(pool.stop({ signal: 'SIGTERM', drainTimeout: 500 }), { code: 'ERR_PROCPOOL_UNDELIVERED' });
  socket.destroy();
});
