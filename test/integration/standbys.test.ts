import assert from 'node:assert/strict';

import { client, deliver, write } from '../helpers/clients.js';
import { blockedWorker, startCli } from '../helpers/cli.js';
import { noFaults, inject, startTraceable } from '../helpers/faults.js';
import { startPool } from '../helpers/pool.js';
import { childrenOf, descriptorsOf, privateMemoryOf, statOf } from '../helpers/processes.js';
import { sanitized } from '../helpers/sanitizer.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { once, text } from '../helpers/within.js';

/** The standbys of a worker, once both are there. */
async function standbysOf(supervisor: number, worker: number): Promise<number[]> {
  return await until('two standbys', () => {
    const found = childrenOf(supervisor).filter((pid) => statOf(pid)?.name === `procpool-s${worker}`);
    return found.length === 2 ? found : undefined;
  });
}

test('two processes stand by for each worker, and a killed one is replaced', async (t) => {
  const { pool } = await startPool(t, { workers: 2 });
  const supervisor = pool.stats().pid!;
  for (const worker of [0, 1]) {
    for (const index of [0, 1]) {
      const before = await standbysOf(supervisor, worker);
      process.kill(before[index]!, 'SIGKILL');
      await until('replaced', async () => !(await standbysOf(supervisor, worker)).includes(before[index]!));
    }
  }
  assert.equal(pool.stats().total.restarts, 0);
});

test(
  'a standby has at most 300 KiB of memory of its own',
  { skip: sanitized && 'not under a sanitizer' },
  async (t) => {
    const { pool, port } = await startPool(t, { handler: 'http' });
    pool.output!.resume();
    const supervisor = pool.stats().pid!;
    for (let death = 0; death < 3; death++) {
      await deliver(port, `POST / HTTP/1.0\r\nContent-Length: 4\r\n\r\nbody`);
      for (const pid of await standbysOf(supervisor, 0)) {
        const memory = privateMemoryOf(pid);
        assert.ok(memory <= 300, `${memory} KiB`);
      }
      const { takeovers } = pool.stats().total;
      process.kill(pool.stats().workers[0]!.pid!, 'SIGKILL');
      await until('taken over', () => pool.stats().total.takeovers > takeovers);
    }
  },
);

test('a worker that is killed again and again continues its connections, and leaves no descriptor behind', async (t) => {
  const pool = await startCli(t, ['--workers', '1']);
  const output = text(pool.stdout);
  const socket = await client(pool.tcp);
  const counts: number[] = [];
  let expected = '';
  for (let death = 0; death < 30; death++) {
    await write(socket, `${death} `);
    expected += `${death} `;
    const before = pool.worker(0);
    process.kill(before, 'SIGKILL');
    await until('taken over', () => pool.all('takeover').length > death);
    await standbysOf(pool.supervisor, 0);
    counts.push(descriptorsOf(pool.worker(0)).length);
  }
  socket.end();
  socket.resume();
  await once(socket, 'close');
  await pool.stopInOrder();
  assert.equal(await output, expected);
  assert.equal(pool.all('respawn').length, 0);
  assert.equal(Math.max(...counts.slice(1)), Math.min(...counts.slice(1)));
});

test(
  'where no standby can be made, that is said once, and a dead worker is replaced as without',
  { skip: noFaults },
  async (t) => {
    const pool = await startTraceable(t, ['--workers', '1']);
    pool.stdout.resume();
    const [first = 0, second = 0] = await standbysOf(pool.supervisor, 0);
    const stops = [first, second].map((pid) => inject(t, pid, 'clone:error=EPERM'));
    await Promise.all(stops);
    process.kill(first, 'SIGKILL');
    const { message } = await pool.logged('no-standby');
    assert.match(
      message,
      /^no standby for worker 0: operation not permitted; if it dies, its clients are disconnected$/,
    );
    process.kill(second, 'SIGKILL');
    const socket = await client(pool.tcp);
    socket.on('error', () => undefined).resume();
    const before = pool.worker(0);
    process.kill(before, 'SIGKILL');
    await once(socket, 'close');
    await until('replaced', () => pool.worker(0) !== before);
    await deliver(pool.tcp, 'x');
    assert.equal(pool.all('no-standby').length, 1);
    await pool.stopInOrder();
  },
);

test('a worker that dies during the drain is taken over from, and the stop goes on: status 0', async (t) => {
  const pool = await startCli(t, ['--workers', '1', '--drain-timeout', '1m']);
  const socket = await client(pool.tcp);
  const sent = Buffer.alloc(2 ** 22, 'x');
  socket.on('error', () => undefined);
  socket.write(sent);
  await blockedWorker(pool);
  pool.note();
  const worker = pool.worker(0);
  pool.child.kill('SIGTERM');
  await pool.logged('drain');
  process.kill(worker, 'SIGKILL');
  await pool.logged('takeover');
  const output = text(pool.stdout);
  assert.deepEqual(await pool.exited, { code: 0, signal: null });
  const arrived = (await output).length;
  assert.ok(arrived > 2 ** 18 && sent.length >= arrived);
});
