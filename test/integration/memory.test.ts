import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { suite, type TestContext } from 'node:test';

import type { LogEntry, ProcessPoolOptions } from '../../lib/index.js';
import { client, deliver, lenientClient } from '../helpers/clients.js';
import { type ProcessPool, startPool } from '../helpers/pool.js';
import { noMemoryLimits } from '../helpers/sanitizer.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { text } from '../helpers/within.js';

const noLimits = noMemoryLimits || (spawnSync('prlimit', ['--version']).status !== 0 && 'needs prlimit(1)');

function addressSpaceOf(pid: number | string): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[0]) * 4096;
}

interface Limited {
  pool: ProcessPool;
  port: number;
  refusals: LogEntry[];
  /** Gives the worker its memory back. */
  release: () => void;
}

/** A pool whose only worker gets no memory from the kernel any more. */
async function startLimited(t: TestContext, options: ProcessPoolOptions): Promise<Limited> {
  const refusals: LogEntry[] = [];
  const log = (entry: LogEntry): void => {
    if (entry.event === 'refuse') refusals.push(entry);
  };
  const { pool, port } = await startPool(t, { ...options, log });
  const pid = String(pool.stats().workers[0]!.pid);
  const limit = (bytes: string): void => {
    assert.equal(spawnSync('prlimit', ['--pid', pid, `--as=${bytes}:unlimited`]).status, 0);
  };
  limit(String(addressSpaceOf(pid)));
  return {
    pool,
    port,
    refusals,
    release: () => {
      limit('unlimited');
    },
  };
}

/** What a worker has to gather records in, whatever its handler. */
const gathered = 2 ** 22;

/** The same, but the worker began with so little address space that its memory for connections is small. */
async function startSmall(t: TestContext): Promise<Omit<Limited, 'release'>> {
  const refusals: LogEntry[] = [];
  const log = (entry: LogEntry): void => {
    if (entry.event === 'refuse') refusals.push(entry);
  };
  const { pool, port } = await startPool(t, { onDeath: 'restart', log });
  const supervisor = String(pool.stats().pid);
  const bytes = addressSpaceOf(supervisor) + gathered + 2 ** 19;
  assert.equal(spawnSync('prlimit', ['--pid', supervisor, `--as=${bytes}:unlimited`]).status, 0);
  const [before] = pool.stats().workers;
  process.kill(before!.pid!, 'SIGKILL');
  await until('replaced', () => {
    const [worker] = pool.stats().workers;
    return worker?.state === 'ready' && worker.pid !== before!.pid;
  });
  return { pool, port, refusals };
}

/** Connects until the worker has no memory for another. */
async function connectUntilFull({ pool, port }: Pick<Limited, 'pool' | 'port'>): Promise<Socket[]> {
  const clients: Socket[] = [];
  while (pool.stats().total.outOfMemory === 0) {
    const batch = await Promise.all(Array.from({ length: 64 }, () => lenientClient(port)));
    clients.push(...batch);
  }
  return clients;
}

suite('a worker without memory', { skip: noLimits }, () => {
  test('refuses the connections for which it has none, and serves the others', async (t) => {
    const limited = await startSmall(t);
    const { pool, port, refusals } = limited;
    const received = text(pool.output!);
    const clients = await connectUntilFull(limited);
    clients[0]!.write('served');
    await until('served', () => pool.stats().total.bytesOut === 6);
    const { refused, outOfMemory, errors } = pool.stats().total;
    assert.equal(refused, outOfMemory);
    assert.equal(errors, 0);
    await until('logged', () => refusals.length > 0);
    assert.equal(refusals.length, 1, 'logged once');
    assert.match(refusals[0]!.message, / refused: not enough memory$/);
    for (const socket of clients) socket.destroy();
    await until('closed', () => pool.stats().total.active === 0);
    await deliver(port, ' again');
    await pool.stop();
    assert.equal(await received, 'served again');
    assert.equal(pool.stats().total.restarts, 1, 'the one that was killed');
  });

  test('closes a client whose echo it cannot keep, and echoes to the others', async (t) => {
    const limited = await startLimited(t, { handler: 'echo', output: undefined });
    const { pool, port, refusals } = limited;
    const polite = await client(port);
    const echoed = text(polite);
    const clients: Socket[] = [];
    // Each sends and reads nothing back.
    while (pool.stats().total.outOfMemory === 0) {
      const socket = (await client(port)).on('error', () => undefined).pause();
      clients.push(socket);
      socket.write(Buffer.alloc(8 * 2 ** 20));
    }
    polite.end('served');
    assert.equal(await echoed, 'served');
    assert.equal(pool.stats().total.restarts, 0);
    assert.ok(refusals.length >= 1);
    for (const socket of clients) socket.destroy();
    await until('closed', () => pool.stats().total.active === 0);
    const { bytesIn, bytesOut, bytesDiscarded, bytesDropped } = pool.stats().total;
    assert.equal(bytesIn, bytesOut + bytesDiscarded + bytesDropped);
    await pool.stop();
  });
});

test('the supervisor keeps no memory of the workers that it has started', { skip: noMemoryLimits }, async (t) => {
  const { pool } = await startPool(t);
  const supervisor = pool.stats().pid!;
  const resize = async (): Promise<number> => {
    await pool.resize(4);
    await pool.resize(1);
    return addressSpaceOf(supervisor);
  };
  const before = await resize();
  for (let round = 0; round < 3; round++) await resize();
  // A worker's staging buffer alone takes more.
  assert.ok(addressSpaceOf(supervisor) - before < 2 ** 18);
});
