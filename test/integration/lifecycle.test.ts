import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

import { startCli } from '../helpers/cli.js';
import { client, deliver, lenientClient, write } from '../helpers/clients.js';
import { halt } from '../helpers/halt.js';
import { childrenOf, statOf } from '../helpers/processes.js';
import { stalledClients } from '../helpers/stalled.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { text } from '../helpers/within.js';

const restarting = ['--on-death', 'restart'];

test('it is ready only when all workers accept', async (t) => {
  const pool = await startCli(t, ['--workers', '7', '--log-level', 'debug']);
  const events = pool.entries.map(({ event, worker }) => (worker === null ? event : `${event} ${worker}`));
  const before = events.slice(0, events.indexOf('listening'));
  for (let worker = 0; worker < 7; worker++) assert.ok(before.includes(`start ${worker}`), `worker ${worker}`);
});

test('a worker that is killed is replaced, only that one, and the others go on', async (t) => {
  const pool = await startCli(t, [...restarting, '--workers', '3', '--log-level', 'debug']);
  const received = text(pool.stdout);
  const pids = [0, 1, 2].map((worker) => pool.worker(worker));
  for (const killed of [1, 0, 2]) {
    const before = pool.worker(killed);
    process.kill(before, 'SIGKILL');
    const exit = await pool.logged('exit', ({ pid }) => pid === before);
    assert.equal(exit.worker, killed);
    assert.equal(exit.signal, 'SIGKILL');
    await until(
      'replaced',
      () => pool.worker(killed) !== before && pool.all('size').at(-1)?.message.startsWith('3 of 3'),
    );
    await deliver(pool.tcp, 'x');
  }
  assert.ok([0, 1, 2].every((worker) => pool.worker(worker) !== pids[worker]));
  await pool.stopInOrder();
  assert.equal(await received, 'xxx');
});

for (const plan of ['restart', 'takeover']) {
  test(`workers that end while the supervisor is held up are all replaced: ${plan}`, async (t) => {
    const pool = await startCli(t, ['--workers', '3', '--on-death', plan]);
    const pids = [0, 1, 2].map((worker) => pool.worker(worker));
    await halt(pool.supervisor);
    // The kernel tells the supervisor once.
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await until('dead', () => pids.every((pid) => statOf(pid)?.state === 'Z'));
    process.kill(pool.supervisor, 'SIGCONT');
    await until('replaced', () => [0, 1, 2].every((worker) => !pids.includes(pool.worker(worker))));
    await pool.stopInOrder();
  });
}

test('a worker that is told to end delivers what its clients sent and is replaced', async (t) => {
  const pool = await startCli(t, ['--workers', '1', '--log-level', 'debug']);
  const received = text(pool.stdout);
  const socket = await lenientClient(pool.tcp);
  await pool.logged('connect');
  await write(socket, 'kept');
  const before = pool.worker(0);
  process.kill(before, 'SIGTERM');
  assert.equal((await pool.logged('exit')).code, 0);
  await pool.logged('start', ({ worker, pid }) => worker !== null && pid !== before);
  await deliver(pool.tcp, ' and on');
  await pool.stopInOrder();
  assert.equal(await received, 'kept and on');
});

test('a worker that is told to end while a reader stalls the output is replaced at once', async (t) => {
  const pool = await startCli(t, ['--workers', '1', '--log-level', 'debug', '--drain-timeout', '10m']);
  await stalledClients(pool, 20, 2 ** 16);
  const before = pool.worker(0);
  process.kill(before, 'SIGTERM');
  const { pid } = await pool.logged('start', (entry) => entry.worker !== null && entry.pid !== before);
  const late = await client(pool.tcp);
  await pool.logged('connect', (entry) => entry.pid === pid);
  late.resume().end('late');
  const received = text(pool.stdout);
  await pool.stopInOrder();
  assert.equal((await received).length, 20 * 2 ** 16 + 'late'.length);
});

test('a signal to a worker that has just been forked is its own, and never kills it unheard', async (t) => {
  const pool = await startCli(t, [...restarting, '--workers', '1', '--log-level', 'debug']);
  for (let round = 0; round < 8; round++) {
    const [pid] = await until('a worker', () => {
      const pids = childrenOf(pool.supervisor);
      return pids.length === 1 && !pool.all('exit').some((exit) => exit.pid === pids[0]) ? pids : undefined;
    });
    process.kill(pid!, 'SIGTERM');
    const exit = await pool.logged('exit', (entry) => entry.pid === pid);
    assert.equal(exit.code, 0, JSON.stringify(exit));
  }
  assert.deepEqual(pool.all('drain'), []);
  await until('replaced', () => pool.all('size').at(-1)?.message.startsWith('1 of 1'));
  await pool.stopInOrder();
});

test('workers that keep dying at their start are given up with one line', async (t) => {
  const pool = await startCli(t, [...restarting, '--workers', '1']);
  const limited = spawnSync('prlimit', ['--pid', String(pool.supervisor), '--nofile=5:5']);
  if (limited.status !== 0) {
    t.skip('needs prlimit(1)');
    return;
  }
  process.kill(pool.worker(0), 'SIGKILL');
  assert.deepEqual(await pool.exited, { code: 1, signal: null });
  assert.equal(pool.all('give-up').length, 1);
  assert.equal(pool.all('fail').length, 2, 'why, and how often');
  assert.deepEqual(pool.complaints, []);
});
