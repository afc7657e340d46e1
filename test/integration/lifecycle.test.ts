import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { type Cli, runCli, startCli } from '../helpers/cli.js';
import { client, clientsThatSent, deliver, endlessClient, lenientClient, write } from '../helpers/clients.js';
import { halt } from '../helpers/halt.js';
import { childrenOf, isLeft, statOf } from '../helpers/processes.js';
import { stalledClients } from '../helpers/stalled.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { once, piecesOf, text } from '../helpers/within.js';

test('it is ready only when all workers accept', async (t) => {
  const pool = await startCli(t, ['--workers', '7', '--log-level', 'debug']);
  const events = pool.entries.map(({ event, worker }) => (worker === null ? event : `${event} ${worker}`));
  const before = events.slice(0, events.indexOf('listening'));
  for (let worker = 0; worker < 7; worker++) assert.ok(before.includes(`start ${worker}`), `worker ${worker}`);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} delivers what was sent before and ends with 0`, async (t) => {
    const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug', '--drain-timeout', '10m']);
    await stalledClients(pool, 20, 2 ** 16);
    pool.child.kill(signal);
    await pool.logged('drain');
    const received = text(pool.stdout);
    assert.deepEqual(await pool.exited, { code: 0, signal: null });
    assert.equal((await received).length, 20 * 2 ** 16);
  });

  test(`a second ${signal} ends it at once, says how many bytes were not delivered and ends with 1`, async (t) => {
    const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug', '--drain-timeout', '10m']);
    await stalledClients(pool, 20, 2 ** 16);
    pool.child.kill(signal);
    await pool.logged('drain');
    pool.child.kill(signal);
    assert.deepEqual(await pool.exited, { code: 1, signal: null });
    const [undelivered] = pool.all('undelivered');
    const received = (await text(pool.stdout)).length;
    assert.equal(received + (undelivered?.bytes ?? 0), 20 * 2 ** 16);
  });
}

test('a stop loses nothing to a reader that takes little at a time', async (t) => {
  const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug', '--drain-timeout', '10m']);
  await stalledClients(pool, 40, 2 ** 16);
  pool.child.kill('SIGTERM');
  await pool.logged('drain');
  let received = 0;
  // Longer than a stop gives clients for what had not arrived.
  const slow = Date.now() + 4000;
  for await (const chunk of piecesOf(pool.stdout)) {
    received += chunk.length;
    if (Date.now() < slow) await wait(50);
  }
  assert.deepEqual(await pool.exited, { code: 0, signal: null });
  assert.equal(received, 40 * 2 ** 16);
});

test('a drain whose time is over says how many bytes were not delivered and ends with 1', async (t) => {
  const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug', '--drain-timeout', '20ms']);
  await stalledClients(pool, 20, 2 ** 16);
  pool.child.kill('SIGTERM');
  assert.deepEqual(await pool.exited, { code: 1, signal: null });
  assert.equal((await text(pool.stdout)).length + (pool.all('undelivered')[0]?.bytes ?? 0), 20 * 2 ** 16);
  assert.deepEqual(pool.complaints, []);
});

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

test('a client that never stops sending does not keep the pool from stopping in order', async (t) => {
  const pool = await startCli(t, ['--workers', '1', '--drain-timeout', '10m']);
  pool.stdout.resume();
  await endlessClient(pool.tcp);
  await once(pool.stdout, 'data');
  await pool.stopInOrder();
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

test('a worker that is killed is replaced, only that one, and the others go on', async (t) => {
  const pool = await startCli(t, ['--workers', '3', '--log-level', 'debug']);
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

test('workers that end while the supervisor is held up are all replaced', async (t) => {
  const pool = await startCli(t, ['--workers', '3']);
  const pids = [0, 1, 2].map((worker) => pool.worker(worker));
  await halt(pool.supervisor);
  // The kernel tells the supervisor once.
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await until('dead', () => pids.every((pid) => statOf(pid)?.state === 'Z'));
  process.kill(pool.supervisor, 'SIGCONT');
  await until('replaced', () => [0, 1, 2].every((worker) => !pids.includes(pool.worker(worker))));
  await pool.stopInOrder();
});

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

test('a supervisor that hangs does not keep the pool from ending', async (t) => {
  const pool = await startCli(t, ['--workers', '2', '--drain-timeout', '10m']);
  await halt(pool.supervisor);
  pool.child.kill('SIGTERM');
  pool.child.kill('SIGINT');
  assert.deepEqual(await pool.exited, { code: 1, signal: null });
  assert.deepEqual(pool.complaints, ['procpool-native: the supervisor was killed by SIGKILL']);
});

test('a worker that hangs when its supervisor is killed does not outlive it', async (t) => {
  const pool = await startCli(t, ['--workers', '2']);
  const hung = pool.worker(0);
  await halt(hung);
  process.kill(pool.supervisor, 'SIGKILL');
  assert.equal((await pool.exited).code, 1);
});

test('a signal to a worker that has just been forked is its own, and never kills it unheard', async (t) => {
  const pool = await startCli(t, ['--workers', '1', '--log-level', 'debug']);
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

test('a stop while it starts ends in order', async (t) => {
  for (let delay = 0; delay < 120; delay += 15) {
    const pool = runCli(t, ['--port', '0', '--workers', '4']);
    await wait(delay);
    pool.child.kill('SIGTERM');
    const { code, signal } = await pool.exited;
    // Before Node has come to install a handler, the signal ends Node itself.
    assert.ok(code === 0 || signal === 'SIGTERM', JSON.stringify({ code, signal }));
    assert.deepEqual(pool.complaints, []);
  }
});

test('Ctrl-C reaches the whole process group and counts once', async (t) => {
  const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug', '--drain-timeout', '10m'], {
    detached: true,
  });
  await stalledClients(pool, 20, 2 ** 16);
  process.kill(-pool.pid, 'SIGINT');
  await pool.logged('drain');
  await until('heard by both', () => pool.all('signal').length > 0);
  const received = text(pool.stdout);
  assert.deepEqual(await pool.exited, { code: 0, signal: null });
  assert.equal((await received).length, 20 * 2 ** 16);
  assert.deepEqual(pool.all('expire'), []);
});

test('Ctrl-C a second time ends it at once', async (t) => {
  const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug', '--drain-timeout', '10m'], {
    detached: true,
  });
  await stalledClients(pool, 20, 2 ** 16);
  process.kill(-pool.pid, 'SIGINT');
  await pool.logged('signal');
  process.kill(-pool.pid, 'SIGINT');
  assert.deepEqual(await pool.exited, { code: 1, signal: null });
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

test('workers that keep dying at their start are given up with one line', async (t) => {
  const pool = await startCli(t, ['--workers', '1']);
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

const threeWorkers = ['--workers', '3', '--log-level', 'debug', '--drain-timeout', '10m'];

interface Victim {
  pid: (pool: Cli) => number | undefined;
  /** What shows that it was killed, and did not end otherwise. */
  killed: (pool: Cli, pid: number) => Promise<void>;
}

const victims: Record<string, Victim> = {
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
        pid: (pool) => childrenOf(pool.pid).flatMap(childrenOf)[index],
        killed: async (pool, victim) => {
          assert.equal((await pool.logged('exit', ({ pid }) => pid === victim)).signal, 'SIGKILL');
        },
      },
    ]),
  ),
};

const stages: Record<string, (t: TestContext) => Promise<Cli> | Cli> = {
  starts: (t) => runCli(t, ['--port', '0', ...threeWorkers]),
  accepts: (t) => startCli(t, threeWorkers),
  stalls: async (t) => {
    const pool = await startCli(t, threeWorkers);
    await stalledClients(pool, 20, 2 ** 16);
    return pool;
  },
  stops: async (t) => {
    const pool = await startCli(t, threeWorkers);
    await stalledClients(pool, 20, 2 ** 16);
    pool.child.kill('SIGTERM');
    await pool.logged('drain');
    return pool;
  },
};

for (const [stage, reach] of Object.entries(stages)) {
  for (const [who, victim] of Object.entries(victims)) {
    test(`nothing of it is left when ${who} is killed while it ${stage}`, async (t) => {
      for (const delay of stage === 'starts' ? [0, 1, 2, 5, 10, 20, 50, 100] : [0]) {
        const pool = await reach(t);
        const pid = await until(`${who} is there`, () => victim.pid(pool));
        await wait(delay);
        pool.note();
        process.kill(pid, 'SIGKILL');
        await until(`${who} has ended`, () => !isLeft(pid));
        // A worker is replaced, and the pool goes on.
        if (who.startsWith('worker')) pool.child.kill('SIGTERM');
        pool.stdout.resume();
        await victim.killed(pool, pid);
        await pool.assertGone();
      }
    });
  }
}
