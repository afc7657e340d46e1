import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';

import type { WorkerExit, WorkerStart } from '../../dist/index.js';
import { client, deliver } from '../helpers/clients.js';
import { halt } from '../helpers/halt.js';
import { received, startPool } from '../helpers/pool.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { once, within } from '../helpers/within.js';

test('resize up and down, and a worker that is too many keeps its clients', async (t) => {
  const { pool, port } = await startPool(t, { workers: 1 });
  const output = received(pool);
  await pool.resize(3);
  assert.deepEqual(
    pool.stats().workers.map(({ state }) => state),
    ['ready', 'ready', 'ready'],
  );
  const sockets = [await client(port), await client(port), await client(port)];
  await until('accepted', () => pool.stats().total.active === 3);
  await pool.resize(1);
  assert.deepEqual(
    pool.stats().workers.map(({ state }) => state),
    ['ready', 'retiring', 'retiring'],
  );
  for (const socket of sockets) {
    socket.resume().end('kept');
    await once(socket, 'close');
  }
  await until('retired', () => pool.stats().workers.length === 1);
  await deliver(port, 'on');
  await Promise.all(Array.from({ length: 1000 }, (_, index) => pool.resize(index === 999 ? 2 : 4)));
  assert.equal(pool.stats().workers.filter(({ state }) => state === 'ready').length, 2);
  await pool.stop();
  assert.equal(await output, 'keptkeptkepton');
  assert.equal(pool.stats().total.accepted, 4);
});

test('a resize that a stop overtakes rejects', async (t) => {
  const { pool } = await startPool(t, { workers: 2 });
  pool.output?.resume();
  const resized = pool.resize(1024);
  const stopped = pool.stop();
  await assert.rejects(resized, { code: 'ERR_PROCPOOL_STATE' });
  await stopped;
});

test('stats are read while the workers hang', async (t) => {
  const { pool, port } = await startPool(t, { workers: 1 });
  pool.output?.resume();
  await deliver(port, 'before');
  const { pid } = pool.stats().workers[0]!;
  process.kill(pid!, 'SIGSTOP');
  assert.equal(pool.stats().workers[0]!.bytesOut, 6);
  process.kill(pid!, 'SIGCONT');
});

test('a killed worker is replaced and told of; counters go on', async (t) => {
  const { pool, port } = await startPool(t, { workers: 1, onDeath: 'restart' });
  pool.output?.resume();
  await deliver(port, 'one');
  const { pid } = pool.stats().workers[0]!;
  const [exited, started] = [once(pool, 'worker:exit'), once(pool, 'worker:start')];
  process.kill(pid!, 'SIGKILL');
  const [exit] = (await exited) as [WorkerExit];
  assert.deepEqual(exit, { worker: 0, pid, code: null, signal: 'SIGKILL' });
  await started;
  await deliver(port, 'two');
  const { accepted, restarts, bytesOut } = pool.stats().workers[0]!;
  assert.deepEqual({ accepted, restarts, bytesOut }, { accepted: 2, restarts: 1, bytesOut: 6 });
});

test('a worker that takes over is told of after the death of the one before; counters and connections go on', async (t) => {
  const { pool, port } = await startPool(t, { workers: 1 });
  const output = received(pool);
  const socket = await client(port);
  socket.write('one ');
  await until('delivered', () => pool.stats().total.bytesOut === 4);
  const { pid } = pool.stats().workers[0]!;
  const told: [string, number][] = [];
  for (const event of ['worker:exit', 'worker:start', 'worker:takeover'] as const) {
    pool.on(event, ({ pid }: WorkerStart) => told.push([event, pid]));
  }
  const takenOver = once(pool, 'worker:takeover');
  process.kill(pid!, 'SIGKILL');
  const next = ((await takenOver) as [WorkerStart])[0];
  assert.equal(next.worker, 0);
  assert.notEqual(next.pid, pid);
  assert.equal(pool.stats().workers[0]!.pid, next.pid);
  socket.resume().end('two');
  await once(socket, 'close');
  const { accepted, active, restarts, takeovers, bytesOut } = pool.stats().workers[0]!;
  assert.deepEqual(
    { accepted, active, restarts, takeovers, bytesOut },
    { accepted: 1, active: 0, restarts: 1, takeovers: 1, bytesOut: 7 },
  );
  assert.deepEqual(told, [
    ['worker:exit', pid],
    ['worker:takeover', next.pid],
  ]);
  await pool.stop();
  assert.equal(await output, 'one two');
});

test('orders for which a hung supervisor has no room wait, and do not keep it from being killed', async (t) => {
  const { pool } = await startPool(t, { workers: 2 });
  pool.output?.resume();
  const { pid } = pool.stats();
  await halt(pid!);
  const resizes: Promise<string>[] = [];
  const resize = (workers: number): void => {
    const failed = pool.resize(workers).then(
      () => 'resized',
      (error: unknown) => (error as { code: string }).code,
    );
    resizes.push(failed);
  };
  // One order each, more than a channel holds.
  for (let round = 0; round < 600; round++) {
    resize(1 + (round % 3));
    await wait(0);
  }
  await assert.rejects(pool.stop({ drainTimeout: 0 }), {
    code: 'ERR_PROCPOOL_SUPERVISOR',
    message: 'the supervisor was killed by SIGKILL',
  });
  assert.deepEqual([...new Set(await Promise.all(resizes))], ['ERR_PROCPOOL_SUPERVISOR']);
});

test('orders that waited for a hung supervisor reach it when it goes on', async (t) => {
  const { pool } = await startPool(t, { workers: 2 });
  pool.output?.resume();
  const { pid } = pool.stats();
  await halt(pid!);
  const resizes: Promise<void>[] = [];
  for (let round = 0; round < 600; round++) {
    resizes.push(pool.resize(round === 599 ? 3 : 1 + (round % 2)));
    await wait(0);
  }
  process.kill(pid!, 'SIGCONT');
  await Promise.all(resizes);
  assert.equal(pool.stats().workers.filter(({ state }) => state === 'ready').length, 3);
  await pool.stop();
});

test('a killed supervisor is an error event, then close', async (t) => {
  const { pool } = await startPool(t, { workers: 2 });
  pool.output?.resume();
  const failed = once(pool, 'error');
  const closed = within('the pool is closed', new Promise<void>((resolve) => pool.once('close', resolve)));
  process.kill(pool.stats().pid!, 'SIGKILL');
  const [error] = (await failed) as [{ code: string }];
  assert.equal(error.code, 'ERR_PROCPOOL_SUPERVISOR');
  await closed;
  assert.equal(pool.stats().state, 'ended');
});

test('a supervisor that is told to stop by others is no error', async (t) => {
  const { pool } = await startPool(t, { workers: 2 });
  pool.output?.resume();
  const closed = once(pool, 'close');
  process.kill(pool.stats().pid!, 'SIGTERM');
  await closed;
});
