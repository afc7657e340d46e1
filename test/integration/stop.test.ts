import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { after } from '../helpers/after.js';
import { startCli, startInGroup } from '../helpers/cli.js';
import { client, clientsThatSent, endlessClient, lenientClient, write } from '../helpers/clients.js';
import { inject, limitDescriptors, noFaults, traceable } from '../helpers/faults.js';
import { temporaryFolder } from '../helpers/files.js';
import { halt, haltRunning, resume } from '../helpers/halt.js';
import { ProcessPool } from '../helpers/pool.js';
import { descriptorsOf, signalsPending, statOf } from '../helpers/processes.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { piecesOf, text } from '../helpers/within.js';
import { addon } from '../native/addon.js';

/** It waits, or has ended. */
function rests(pid: number): boolean {
  return ['S', 'Z', undefined].includes(statOf(pid)?.state);
}

for (const [workers, end] of [
  [2, false],
  [1, true],
  [4, true],
] as const) {
  for (const first of ['the workers', 'the supervisor', 'the host'] as const) {
    const what = end ? 'have sent and closed' : 'have sent';
    test(`SIGTERM to the group, seen by ${first} first: ${workers} workers lose none that wait to be accepted and ${what}`, async (t) => {
      const pool = await startInGroup(t, ['--workers', String(workers), '--log-level', 'debug']);
      const received = text(pool.stdout);
      // A worker that has a client does not end before the others have heard of the stop.
      for (let number = 0; number < workers; number++) await lenientClient(pool.tcp);
      await until('each has one', () => pool.all('connect').length === workers);
      const supervisor = [pool.supervisor];
      const ours = pool.workers;
      const turns = {
        'the workers': [ours, supervisor],
        'the supervisor': [supervisor, ours],
        'the host': [[pool.pid], supervisor, ours],
      }[first];
      await halt(pool.pid, ...supervisor, ...ours);
      await clientsThatSent(pool.tcp, 40, 'waiting', { end });
      process.kill(-pool.pid, 'SIGTERM');
      for (const turn of turns) {
        resume(...turn);
        await until('heard', () => turn.every((pid) => !signalsPending(pid, 'SIGTERM') && rests(pid)));
        await haltRunning(turn);
      }
      resume(pool.pid, ...supervisor, ...ours);
      assert.deepEqual(await pool.exited, { code: 0, signal: null });
      assert.equal(await received, 'waiting'.repeat(40));
    });
  }
}

test('a stop while the only worker waits to be started again serves those who wait to be accepted', async (t) => {
  const pool = await startInGroup(t, ['--workers', '1']);
  const received = text(pool.stdout);
  await until('it waits for its next start', () => {
    const last = pool.all('respawn').at(-1)?.milliseconds ?? 0;
    if (last >= 600 && pool.workers.length === 0) return true;
    const [worker] = pool.workers;
    if (worker !== undefined && pool.worker(0) === worker) process.kill(worker, 'SIGKILL');
    return false;
  });
  await halt(pool.supervisor);
  assert.deepEqual(pool.workers, []);
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
    const pool = await startInGroup(t, ['--workers', '1'], { env: traceable });
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

test('a client that sends without end prolongs no stop, however slowly the output is read', async (t) => {
  const pool = await startInGroup(t, ['--workers', '1', '--log-level', 'debug']);
  await endlessClient(pool.tcp);
  await pool.logged('stall');
  const reader = (async (): Promise<number> => {
    let bytes = 0;
    for await (const chunk of piecesOf(pool.stdout)) {
      bytes += chunk.length;
      // Some 20 MB/s.
      await wait(3);
    }
    return bytes;
  })();
  pool.child.kill('SIGTERM');
  await pool.logged('drain');
  assert.deepEqual(await pool.exited, { code: 0, signal: null });
  assert.ok((await reader) > 0);
  assert.deepEqual(pool.all('expire'), []);
});

test('a file that several workers append to: clients that send without end prolong no stop', async (t) => {
  // In memory, where there is such a folder: no disk slows the workers down.
  const folder = temporaryFolder(t, existsSync('/dev/shm') ? '/dev/shm' : tmpdir());
  const descriptor = openSync(join(folder, 'out'), 'a');
  const pool = await startInGroup(t, ['--workers', '4'], { stdout: descriptor });
  closeSync(descriptor);
  for (let count = 0; count < 8; count++) await endlessClient(pool.tcp);
  await pool.stopInOrder();
  assert.deepEqual(pool.all('expire'), []);
});

test('what had arrived before a stop comes out, beside clients that send without end and a slow reader', async (t) => {
  const pool = await startInGroup(t, ['--workers', '2', '--log-level', 'debug']);
  for (let count = 0; count < 4; count++) await endlessClient(pool.tcp);
  await pool.logged('stall');
  await clientsThatSent(pool.tcp, 20, Buffer.alloc(2 ** 15, 'o'));
  await until('accepted', () => pool.all('connect').length === 24);
  pool.child.kill('SIGTERM');
  await pool.logged('drain');
  let owed = 0;
  for await (const chunk of piecesOf(pool.stdout)) {
    owed += chunk.filter((byte) => byte === 0x6f).length;
    await wait(2);
  }
  assert.deepEqual(await pool.exited, { code: 0, signal: null });
  assert.equal(owed, 20 * 2 ** 15);
});

for (const signal of ['SIGKILL', 'SIGABRT'] as const) {
  test(`a worker that dies of ${signal} during the drain makes the status 1, and says so`, async (t) => {
    const pool = await startInGroup(t, ['--workers', '2', '--log-level', 'debug']);
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
}

test('a worker that dies during the drain makes the status 1, also if nothing that it had read is lost', async (t) => {
  const pool = await startInGroup(t, ['--workers', '1', '--log-level', 'debug']);
  const socket = await lenientClient(pool.tcp);
  await pool.logged('connect');
  await halt(pool.worker(0));
  await write(socket, 'x');
  pool.child.kill('SIGTERM');
  await pool.logged('drain');
  process.kill(pool.worker(0), 'SIGKILL');
  assert.deepEqual(await pool.exited, { code: 1, signal: null });
});

test('a drain of no time counts all that it does not deliver, in sockets and in the queue', async (t) => {
  for (const workers of [1, 3]) {
    const pool = await startCli(t, ['--workers', String(workers), '--drain-timeout', '0s']);
    const received = text(pool.stdout);
    const all = pool.workers;
    const served = await clientsThatSent(pool.tcp, 50, '');
    await halt(...all);
    await Promise.all(served.map((one) => write(one, '12345678')));
    await clientsThatSent(pool.tcp, 50, '12345678');
    pool.child.kill('SIGTERM');
    await pool.logged('expire');
    resume(...all);
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

for (const workers of [1, 2]) {
  test(`a stop at the descriptor limit serves all that wait, with ${workers} workers of which one has no descriptors left`, async (t) => {
    const pool = await startInGroup(t, ['--workers', String(workers)]);
    const received = text(pool.stdout);
    const all = pool.workers;
    if (!limitDescriptors(pool.worker(0), 16)) {
      t.skip('needs prlimit(1)');
      return;
    }
    await halt(...all);
    await clientsThatSent(pool.tcp, 100, 'waiting');
    pool.child.kill('SIGTERM');
    await pool.logged('drain');
    resume(pool.worker(0));
    await until('it has heard', () => !signalsPending(pool.worker(0), 'SIGTERM'));
    resume(...all);
    assert.deepEqual(await pool.exited, { code: 0, signal: null });
    assert.equal(await received, 'waiting'.repeat(100));
  });
}

test('a signal that is passed on again does not cut the drain, however long it takes', async (t) => {
  const pool = await startInGroup(t, ['--workers', '1', '--log-level', 'debug']);
  await clientsThatSent(pool.tcp, 20, Buffer.alloc(2 ** 16, 'x'));
  await pool.logged('stall');
  process.kill(-pool.pid, 'SIGINT');
  await pool.logged('signal');
  // As npm does with its terminal's Ctrl-C.
  process.kill(pool.pid, 'SIGINT');
  await pool.logged('drain');
  // Longer than the host waits for a supervisor that hangs.
  await wait(3500);
  const received = text(pool.stdout);
  assert.deepEqual(await pool.exited, { code: 0, signal: null });
  assert.equal((await received).length, 20 * 2 ** 16);
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

test('a host that reads its log late misses no end of a worker', async (t) => {
  const count = 300;
  const pool = await startInGroup(t, ['--workers', String(count), '--log-level', 'debug']);
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
  const pool = await startInGroup(t, ['--workers', '300']);
  const ended = text(pool.stdout);
  await halt(pool.pid);
  process.kill(pool.supervisor, 'SIGTERM');
  await until('all workers have ended', () => pool.workers.length === 0);
  // The host has its end of the pipe too: of what the pool holds, none is left.
  await until('closed', () => !descriptorsOf(pool.supervisor).some((target) => target.startsWith('pipe:')));
  resume(pool.pid);
  assert.deepEqual(await pool.exited, { code: 0, signal: null });
  assert.equal(await ended, '');
});
