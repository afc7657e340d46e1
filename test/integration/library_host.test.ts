import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import { after } from '../helpers/after.js';
import { library } from '../helpers/cli.js';
import { deliver, refusesConnections } from '../helpers/clients.js';
import { ProcessPool, received, startPool } from '../helpers/pool.js';
import { childrenOf, descriptorsOf, isLeft, statOf } from '../helpers/processes.js';
import { run } from '../helpers/run.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { once } from '../helpers/within.js';

test('no descriptor is left of pools that came and went', async () => {
  const before = descriptorsOf('self').length;
  for (let round = 0; round < 5; round++) {
    const pool = new ProcessPool({ port: 0, host: '127.0.0.1', workers: 2, output: 'pipe' });
    await pool.start();
    const output = received(pool);
    await deliver(pool.port, 'x');
    await pool.stop();
    assert.equal(await output, 'x');
  }
  await until('all closed', () => descriptorsOf('self').length <= before);
});

test('several pools in one process, which keeps its own children and signal handlers', async (t) => {
  const signals: string[] = [];
  const listener = (signal: string): unknown => signals.push(signal);
  process.on('SIGCHLD', listener).on('SIGUSR2', listener);
  after(t, () => process.off('SIGCHLD', listener).off('SIGUSR2', listener));

  const pools = await Promise.all([0, 1, 2].map(() => startPool(t, { workers: 2 })));
  const outputs = pools.map(({ pool }) => received(pool));
  const child = spawn('sh', ['-c', 'exit 7'], { stdio: 'ignore' });
  assert.deepEqual(await once(child, 'exit'), [7, null]);
  process.kill(process.pid, 'SIGUSR2');
  await until('own handlers called', () => signals.includes('SIGUSR2') && signals.includes('SIGCHLD'));
  await Promise.all(pools.map(({ port }, index) => deliver(port, `pool ${index}`)));
  await Promise.all(pools.map(({ pool }) => pool.stop()));
  assert.deepEqual(await Promise.all(outputs), ['pool 0', 'pool 1', 'pool 2']);
});

test('a pool gets no descriptor and no variable of the app', async (t) => {
  const descriptor = openSync('/dev/zero', 'r');
  after(t, () => {
    closeSync(descriptor);
  });
  process.env.PROCPOOL_TEST_SECRET = 'secret';
  const { pool } = await startPool(t, { workers: 2 });
  delete process.env.PROCPOOL_TEST_SECRET;
  const supervisor = pool.stats().pid!;
  for (const pid of [supervisor, ...childrenOf(supervisor)]) {
    assert.ok(!descriptorsOf(pid).includes('/dev/zero'));
    assert.ok(!readFileSync(`/proc/${pid}/environ`, 'latin1').includes('secret'));
  }
  // A worker has its own descriptors and none of its siblings' or the supervisor's channels.
  const sockets = childrenOf(supervisor).map((pid) => descriptorsOf(pid).filter((name) => name.startsWith('socket:')));
  const standardError = readlinkSync('/proc/self/fd/2');
  const shared = sockets[0]!.filter((name) => sockets[1]!.includes(name) && name !== standardError);
  assert.equal(shared.length, 2, 'the listener and the log channel');
});

test('a pool in a worker thread runs, and ends with its thread', async (t) => {
  const source = `
    const { parentPort } = require('node:worker_threads');
    const { ProcessPool } = require(${JSON.stringify(library)});
    const pool = new ProcessPool({ port: 0, host: '127.0.0.1', workers: 2, output: 'pipe' });
    pool.start().then(() => {
      pool.output.on('data', (data) => parentPort.postMessage({ data: data.toString() }));
      parentPort.postMessage({ port: pool.address().port, pid: pool.stats().pid });
    });`;
  for (const round of [1, 2]) {
    const thread = new Worker(source, { eval: true });
    const [{ port, pid }] = (await once(thread, 'message')) as [{ port: number; pid: number }];
    const pids = [pid, ...childrenOf(pid)];
    const message = once(thread, 'message');
    await deliver(port, `round ${round}`);
    assert.deepEqual(await message, [{ data: `round ${round}` }]);
    await thread.terminate();
    await until('nothing left', () => !pids.some(isLeft));
    assert.ok(await refusesConnections(port));
  }
  t.diagnostic('the process lives on');
});

test('threads that are terminated while their pools start leave nothing, and harm nobody', async () => {
  const source = `
    const { ProcessPool } = require(${JSON.stringify(library)});
    require('node:worker_threads').parentPort.postMessage('starts');
    new ProcessPool({ port: 0, host: '127.0.0.1', workers: 2, output: 'pipe', log: () => {} }).start().catch(() => {});`;
  for (let delay = 0; delay < 30; delay += 1) {
    const thread = new Worker(source, { eval: true });
    await once(thread, 'message');
    await wait(delay % 10);
    await thread.terminate();
  }
  await until('nothing left', () => !childrenOf(process.pid).some((pid) => statOf(pid)?.name.startsWith('procpool')));
});

test('a host that exits without a stop takes the pool with it', async () => {
  const source = `
    const { ProcessPool } = require(${JSON.stringify(library)});
    const pool = new ProcessPool({ port: 0, host: '127.0.0.1', workers: 2, output: 2 });
    pool.start().then(() => { console.log(pool.stats().pid); process.exit(0); });`;
  const { stdout } = await run(process.execPath, ['-e', source]);
  await until('nothing left', () => !isLeft(Number(stdout)));
});
