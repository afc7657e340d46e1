import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { type Cli, runCli, startCli } from '../helpers/cli.js';
import { clientsThatSent, lenientClient } from '../helpers/clients.js';
import { halt } from '../helpers/halt.js';
import { childrenOf, isLeft, standbysOf, workersOf } from '../helpers/processes.js';
import { stalledClients } from '../helpers/stalled.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { text } from '../helpers/within.js';

test('a worker that hangs when its supervisor is killed does not outlive it', async (t) => {
  const pool = await startCli(t, ['--workers', '2']);
  const hung = pool.worker(0);
  await halt(hung);
  process.kill(pool.supervisor, 'SIGKILL');
  assert.equal((await pool.exited).code, 1);
});

test('nothing is left when the supervisor is killed, and the command fails with one line', async (t) => {
  const pool = await startCli(t, ['--workers', '3']);
  await lenientClient(pool.tcp);
  pool.note();
  process.kill(pool.supervisor, 'SIGKILL');
  assert.deepEqual(await pool.exited, { code: 1, signal: null });
  assert.deepEqual(pool.complaints, ['procpool-native: the supervisor was killed by SIGKILL']);
});

test('what clients had sent is delivered when the host is killed, and nothing is left', async (t) => {
  const pool = await startCli(t, ['--workers', '2']);
  const received = text(pool.stdout);
  await clientsThatSent(pool.tcp, 10, 'sent');
  pool.child.kill('SIGKILL');
  assert.equal(await received, 'sent'.repeat(10));
});

test('nothing is left when the host is killed while a reader stalls the output', async (t) => {
  const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug']);
  await stalledClients(pool, 20, 2 ** 16);
  pool.note();
  pool.child.kill('SIGKILL');
  await pool.assertGone();
});

test('nothing is left when the host and the supervisor are killed while a reader stalls the output', async (t) => {
  const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug']);
  await stalledClients(pool, 20, 2 ** 16);
  pool.note();
  process.kill(pool.supervisor, 'SIGKILL');
  pool.child.kill('SIGKILL');
  await pool.assertGone();
});

interface Victim {
  pid: (pool: Cli) => number | undefined;
  /** What shows that it was killed, and did not end otherwise. */
  killed: (pool: Cli, pid: number) => Promise<void>;
}

const standby: Victim = {
  pid: (pool) => childrenOf(pool.pid).flatMap(standbysOf)[0],
  // Nobody depends on it.
  killed: async (pool) => {
    assert.deepEqual(await pool.exited, { code: 0, signal: null });
    assert.equal(pool.all('exit').length, 3);
  },
};

const victims = (restarts: boolean): Record<string, Victim> => ({
  'the host': {
    pid: (pool) => pool.pid,
    killed: async (pool) => {
      assert.equal((await pool.exited).signal, 'SIGKILL');
    },
  },
  'the supervisor': {
    pid: (pool) => childrenOf(pool.pid)[0],
    killed: async (pool) => {
      assert.equal((await pool.exited).code, 1);
      // Before it has got its orders, it is one that cannot be started.
      assert.match(
        pool.complaints.join('\n'),
        /^procpool-native: the supervisor (?:was killed by SIGKILL|cannot be started: .*)$/,
      );
    },
  },
  ...Object.fromEntries(
    [0, 1, 2].map((index): [string, Victim] => [
      `worker ${index}`,
      {
        pid: (pool) => childrenOf(pool.pid).flatMap(restarts ? childrenOf : workersOf)[index],
        killed: async (pool, victim) => {
          assert.equal((await pool.logged('exit', ({ pid }) => pid === victim)).signal, 'SIGKILL');
        },
      },
    ]),
  ),
  ...(!restarts && { 'a standby': standby }),
});

const threeWorkers = ['--workers', '3', '--log-level', 'debug', '--drain-timeout', '10m'];

const stages: Record<string, (t: TestContext, args: string[]) => Promise<Cli> | Cli> = {
  starts: (t, args) => runCli(t, ['--port', '0', ...args]),
  accepts: (t, args) => startCli(t, args),
  stalls: async (t, args) => {
    const pool = await startCli(t, args);
    await stalledClients(pool, 20, 2 ** 16);
    return pool;
  },
  stops: async (t, args) => {
    const pool = await startCli(t, args);
    await stalledClients(pool, 20, 2 ** 16);
    pool.child.kill('SIGTERM');
    await pool.logged('drain');
    return pool;
  },
};

const cases = (['restart', 'takeover'] as const).flatMap((plan) =>
  Object.entries(stages).flatMap(([stage, reach]) =>
    Object.entries(victims(plan === 'restart')).map(([name, victim]) => ({ plan, stage, reach, name, victim })),
  ),
);

for (const { plan, stage, reach, name, victim } of cases) {
  test(`nothing of it is left when ${name} is killed while it ${stage}: ${plan}`, async (t) => {
    for (const delay of stage === 'starts' ? [0, 1, 2, 5, 10, 20, 50, 100] : [0]) {
      const pool = await reach(t, [...threeWorkers, '--on-death', plan]);
      const pid = await until(`${name} is there`, () => victim.pid(pool));
      await wait(delay);
      pool.note();
      process.kill(pid, 'SIGKILL');
      await until(`${name} has ended`, () => !isLeft(pid));
      // A worker or a standby is replaced, and the pool goes on. (A second signal would cost bytes.)
      if (!name.startsWith('the') && !(victim === standby && stage === 'stops')) pool.child.kill('SIGTERM');
      pool.stdout.resume();
      await victim.killed(pool, pid);
      await pool.assertGone();
    }
  });
}
