import assert from 'node:assert/strict';

import { startCli, startInGroup } from '../helpers/cli.js';
import { clientsThatSent, lenientClient } from '../helpers/clients.js';
import { inject, limitDescriptors, noFaults, traceable } from '../helpers/faults.js';
import { halt, haltRunning, resume } from '../helpers/halt.js';
import { signalsPending, statOf } from '../helpers/processes.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { text } from '../helpers/within.js';

/** It waits, or has ended. */
function isIdle(pid: number): boolean {
  return ['S', 'Z', undefined].includes(statOf(pid)?.state);
}

for (const [workers, end] of [
  [2, false],
  [1, true],
  [4, true],
] as const) {
  for (const first of ['the workers', 'the supervisor', 'the host'] as const) {
    const action = end ? 'have sent and closed' : 'have sent';
    test(`SIGTERM to the group, seen by ${first} first: ${workers} workers lose none that wait to be accepted and ${action}`, async (t) => {
      const pool = await startInGroup(t, ['--workers', String(workers), '--log-level', 'debug']);
      const received = text(pool.stdout);
      // A worker that has a client does not end before the others have heard of the stop.
      for (let number = 0; number < workers; number++) await lenientClient(pool.tcp);
      await until('each has one', () => pool.all('connect').length === workers);
      const supervisor = [pool.supervisor];
      const workerPids = pool.workers;
      const steps = {
        'the workers': [workerPids, supervisor],
        'the supervisor': [supervisor, workerPids],
        'the host': [[pool.pid], supervisor, workerPids],
      }[first];
      await halt(pool.pid, ...supervisor, ...workerPids);
      await clientsThatSent(pool.tcp, 40, 'waiting', { end });
      process.kill(-pool.pid, 'SIGTERM');
      for (const step of steps) {
        resume(...step);
        await until('heard', () => step.every((pid) => !signalsPending(pid, 'SIGTERM') && isIdle(pid)));
        await haltRunning(step);
      }
      resume(pool.pid, ...supervisor, ...workerPids);
      assert.deepEqual(await pool.exited, { code: 0, signal: null });
      assert.equal(await received, 'waiting'.repeat(40));
    });
  }
}

test('a stop while the only worker waits to be started again serves those who wait to be accepted', async (t) => {
  const pool = await startInGroup(t, ['--workers', '1', '--on-death', 'restart']);
  const received = text(pool.stdout);
  const noneRuns = (): boolean => pool.workers.length === 0;
  await until('it waits for its next start, and the supervisor is stopped', async () => {
    const delay = pool.all('respawn').at(-1)?.milliseconds ?? 0;
    if (delay >= 600 && noneRuns()) {
      await halt(pool.supervisor);
      if (noneRuns()) return true;
      resume(pool.supervisor);
    }
    const [worker] = pool.workers;
    if (worker !== undefined && pool.worker(0) === worker) process.kill(worker, 'SIGKILL');
    return false;
  });
  await clientsThatSent(pool.tcp, 50, 'waiting', { end: true });
  process.kill(-pool.pid, 'SIGTERM');
  resume(pool.supervisor);
  assert.deepEqual(await pool.exited, { code: 0, signal: null });
  assert.equal(await received, 'waiting'.repeat(50));
});

test(
  'clients that nobody can be started for are counted at the end, and the status is 1',
  { skip: noFaults },
  async (t) => {
    const pool = await startInGroup(t, ['--workers', '1', '--on-death', 'restart'], { env: traceable });
    const worker = pool.worker(0);
    await halt(pool.supervisor);
    process.kill(worker, 'SIGKILL');
    await until('dead', () => statOf(worker)?.state === 'Z');
    await clientsThatSent(pool.tcp, 50, 'waiting', { end: true });
    const mend = await inject(t, pool.supervisor, 'clone,fork,vfork,clone3:error=EAGAIN');
    pool.child.kill('SIGTERM');
    resume(pool.supervisor);
    await pool.logged('drain');
    pool.child.kill('SIGTERM');
    const { message } = await pool.logged('unserved');
    assert.equal(message, '50 clients in the accept queue were not served');
    assert.deepEqual(await pool.exited, { code: 1, signal: null });
    await mend();
  },
);

test('clients that wait to be accepted when the stop comes are served', async (t) => {
  const pool = await startCli(t, ['--workers', '2', '--drain-timeout', '10m']);
  const received = text(pool.stdout);
  const workers = [pool.worker(0), pool.worker(1)];
  await halt(...workers);
  await clientsThatSent(pool.tcp, 50, 'waiting');
  pool.child.kill('SIGTERM');
  await pool.logged('drain');
  for (const worker of workers) process.kill(worker, 'SIGCONT');
  assert.deepEqual(await pool.exited, { code: 0, signal: null });
  assert.equal(await received, 'waiting'.repeat(50));
});

for (const workers of [1, 2]) {
  test(`a stop at the descriptor limit serves all that wait, with ${workers} workers of which one has no descriptors left`, async (t) => {
    const pool = await startInGroup(t, ['--workers', String(workers)]);
    const received = text(pool.stdout);
    const pids = pool.workers;
    if (!limitDescriptors(pool.worker(0), 16)) {
      t.skip('needs prlimit(1)');
      return;
    }
    await halt(...pids);
    // More than it has descriptors for, several times over: it accepts on as their connections end.
    await clientsThatSent(pool.tcp, 30, 'waiting');
    pool.child.kill('SIGTERM');
    await pool.logged('drain');
    resume(pool.worker(0));
    await until('it has heard', () => !signalsPending(pool.worker(0), 'SIGTERM'));
    resume(...pids);
    assert.deepEqual(await pool.exited, { code: 0, signal: null });
    assert.equal(await received, 'waiting'.repeat(30));
  });
}
