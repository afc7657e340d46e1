import assert from 'node:assert/strict';

import { startCli, startInGroup } from '../helpers/cli.js';
import { clientsThatSent, lenientClient, write } from '../helpers/clients.js';
import { halt, resume } from '../helpers/halt.js';
import { descriptorsOf } from '../helpers/processes.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { text } from '../helpers/within.js';

for (const signal of ['SIGKILL', 'SIGABRT'] as const) {
  test(`a worker that dies of ${signal} during the drain makes the status 1, and says so`, async (t) => {
    const pool = await startInGroup(t, ['--workers', '2', '--log-level', 'debug', '--on-death', 'restart']);
    await clientsThatSent(pool.tcp, 20, Buffer.alloc(2 ** 16, 'x'));
    await pool.logged('stall');
    pool.child.kill('SIGTERM');
    await pool.logged('drain');
    process.kill(pool.worker(0), signal);
    await pool.logged('lost', ({ worker, level }) => worker === 0 && level === 'error');
    pool.stdout.resume();
    assert.deepEqual(await pool.exited, { code: 1, signal: null });
    assert.deepEqual(pool.complaints, []);
  });

  test(`a worker that dies of ${signal} during the drain is taken over from, and nothing is lost`, async (t) => {
    const pool = await startInGroup(t, ['--workers', '2', '--log-level', 'debug']);
    await clientsThatSent(pool.tcp, 20, Buffer.alloc(2 ** 16, 'x'));
    await pool.logged('stall');
    pool.child.kill('SIGTERM');
    await pool.logged('drain');
    process.kill(pool.worker(0), signal);
    await pool.logged('takeover', ({ worker }) => worker === 0);
    const received = text(pool.stdout);
    assert.deepEqual(await pool.exited, { code: 0, signal: null });
    assert.equal((await received).length, 20 * 2 ** 16);
    assert.deepEqual(pool.all('lost'), []);
  });
}

test('a worker that dies during the drain makes the status 1, also if nothing that it had read is lost', async (t) => {
  const pool = await startInGroup(t, ['--workers', '1', '--log-level', 'debug', '--on-death', 'restart']);
  const socket = await lenientClient(pool.tcp);
  await pool.logged('connect');
  await halt(pool.worker(0));
  await write(socket, 'x');
  pool.child.kill('SIGTERM');
  await pool.logged('drain');
  process.kill(pool.worker(0), 'SIGKILL');
  assert.deepEqual(await pool.exited, { code: 1, signal: null });
});

test('what a worker that hangs has not read is delivered during the drain by the one that takes over', async (t) => {
  const pool = await startInGroup(t, ['--workers', '1', '--log-level', 'debug']);
  const received = text(pool.stdout);
  const socket = await lenientClient(pool.tcp);
  await pool.logged('connect');
  await halt(pool.worker(0));
  await write(socket, 'x');
  pool.child.kill('SIGTERM');
  await pool.logged('drain');
  process.kill(pool.worker(0), 'SIGKILL');
  assert.deepEqual(await pool.exited, { code: 0, signal: null });
  assert.equal(await received, 'x');
});

test('a worker that hangs at the stop is killed, which counts as a failure', async (t) => {
  const pool = await startCli(t, ['--workers', '2', '--drain-timeout', '20ms']);
  const hung = pool.worker(1);
  await halt(hung);
  assert.deepEqual(await pool.stop(), { code: 1, signal: null });
  assert.deepEqual(
    pool.all('kill').map(({ worker }) => worker),
    [1],
  );
  assert.equal(pool.all('exit').find(({ worker }) => worker === 1)?.signal, 'SIGKILL');
});

test('a supervisor that hangs does not keep the pool from ending', async (t) => {
  const pool = await startCli(t, ['--workers', '2', '--drain-timeout', '10m']);
  await halt(pool.supervisor);
  pool.child.kill('SIGTERM');
  pool.child.kill('SIGINT');
  assert.deepEqual(await pool.exited, { code: 1, signal: null });
  assert.deepEqual(pool.complaints, ['procpool-native: the supervisor was killed by SIGKILL']);
});

test('a host that reads its log late misses no end of a worker', async (t) => {
  const count = 300;
  // Without standbys: a third of the processes.
  const args = ['--workers', String(count), '--log-level', 'debug', '--on-death', 'restart'];
  const pool = await startInGroup(t, args);
  const workers = pool.workers;
  assert.equal(workers.length, count);
  await halt(pool.pid);
  process.kill(pool.supervisor, 'SIGTERM');
  await until('all workers have ended', () => pool.workers.length === 0);
  resume(pool.pid);
  assert.deepEqual(await pool.exited, { code: 0, signal: null });
  assert.equal(pool.all('exit').length, count);
  assert.equal(pool.all('done').length, 1);
});

test('the reader of the output sees its end although the host does not read its log', async (t) => {
  const pool = await startInGroup(t, ['--workers', '300', '--on-death', 'restart']);
  await halt(pool.pid);
  process.kill(pool.supervisor, 'SIGTERM');
  await until('all workers have ended', () => pool.workers.length === 0);
  // The host has its end of the pipe too: of what the pool holds, none is left.
  await until('closed', () => !descriptorsOf(pool.supervisor).some((target) => target.startsWith('pipe:')));
  resume(pool.pid);
  assert.deepEqual(await pool.exited, { code: 0, signal: null });
  assert.equal(await text(pool.stdout), '');
});
