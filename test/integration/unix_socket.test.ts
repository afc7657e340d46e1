import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, linkSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';

import { after } from '../helpers/after.js';
import { library, startCli } from '../helpers/cli.js';
import { deliver } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { nobody, noNobody, runAsNobody } from '../helpers/nobody.js';
import { test } from '../helpers/test.js';
import { once } from '../helpers/within.js';

/** A socket file at which nobody listens any more. */
async function leaveBehind(path: string): Promise<void> {
  const server = createServer().listen(`${path}.new`);
  await once(server, 'listening');
  linkSync(`${path}.new`, path);
  server.close();
  await once(server, 'close');
}

const threadCode = `
const { once } = require('node:events');
const { parentPort, workerData } = require('node:worker_threads');
const { text } = require('node:stream/consumers');
const { ProcessPool } = require(workerData.entry);
const gate = new Int32Array(workerData.gate);
let pool, output;

const orders = {
  /** When as many threads as there shall be have come so far. */
  async start(path, threads, persists) {
    Atomics.add(gate, 0, 1);
    while (Atomics.load(gate, 0) < threads);
    for (;;) {
      pool = new ProcessPool({ path, workers: 1, output: 'pipe' });
      try {
        await pool.start();
        output = text(pool.output);
        return 'started';
      } catch ({ code }) {
        if (code !== 'EADDRINUSE' || !persists) return code;
      }
    }
  },
  /** Its supervisor is killed, and this thread removes the file. */
  async die(threads) {
    Atomics.add(gate, 0, 1);
    while (Atomics.load(gate, 0) < threads);
    const failed = once(pool, 'error');
    process.kill(pool.stats().pid, 'SIGKILL');
    await failed;
  },
  async stop() {
    await pool.stop();
    return await output;
  },
};
parentPort.on('message', async ([order, ...rest]) => parentPort.postMessage(await orders[order](...rest)));
`;

/** Threads with a pool each, that do what they are told at the same moment. */
class Threads {
  readonly gate = new Int32Array(new SharedArrayBuffer(4));
  readonly #threads: Worker[];

  constructor(t: TestContext, count: number) {
    const workerData = { entry: library, gate: this.gate.buffer };
    this.#threads = Array.from({ length: count }, () => new Worker(threadCode, { eval: true, workerData }));
    after(t, async () => {
      await Promise.all(this.#threads.map((thread) => thread.terminate()));
    });
  }

  async order(index: number, ...order: unknown[]): Promise<string> {
    const thread = this.#threads[index]!;
    thread.postMessage(order);
    return ((await once(thread, 'message')) as [string])[0];
  }
}

test('of two pools that find a stale socket at the same moment one starts, and hears its clients', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'socket');
  const threads = new Threads(t, 2);
  for (let round = 0; round < 200; round += 1) {
    await leaveBehind(path);
    threads.gate[0] = 0;
    const outcomes = await Promise.all([0, 1].map((index) => threads.order(index, 'start', path, 2, false)));
    assert.deepEqual(outcomes.toSorted(), ['EADDRINUSE', 'started'], `round ${round}`);
    await deliver(path, `round ${round}`);
    assert.equal(await threads.order(outcomes.indexOf('started'), 'stop'), `round ${round}`);
    assert.deepEqual(readdirSync(folder), []);
  }
});

test('a pool whose supervisor was killed does not remove the socket of the next one', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'socket');
  const threads = new Threads(t, 2);
  let [old, next] = [0, 1];
  threads.gate[0] = 0;
  assert.equal(await threads.order(old, 'start', path, 1, false), 'started');
  for (let round = 0; round < 100; round += 1) {
    threads.gate[0] = 0;
    const died = threads.order(old, 'die', 2);
    assert.equal(await threads.order(next, 'start', path, 2, true), 'started');
    await died;
    assert.ok(existsSync(path), `round ${round}`);
    await deliver(path, 'x');
    [old, next] = [next, old];
  }
  assert.equal(await threads.order(old, 'stop'), 'x');
  assert.deepEqual(readdirSync(folder), []);
});

test('where somebody else holds the lock on the directory, a pool starts all the same', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'socket');
  const holder = spawn('flock', [folder, 'sh', '-c', 'echo locked; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const released = once(holder, 'exit');
  after(t, () => holder.kill());
  await once(holder.stdout, 'data');
  await leaveBehind(path);
  const pool = await startCli(t, [], { path });
  pool.stdout.resume();
  await deliver(path, 'x');
  await pool.stopInOrder();
  assert.ok(!existsSync(path));
  holder.stdin.end();
  await released;
});

test('so it does where the directory cannot be read', { skip: noNobody }, async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'socket');
  await leaveBehind(path);
  chownSync(folder, nobody, nobody);
  chownSync(path, nobody, nobody);
  chmodSync(folder, 0o300);
  // Relative: nobody may not be allowed to reach the folder from the root.
  const pool = runAsNobody(t, ['--path', 'socket'], { cwd: folder });
  await pool.logged('listening');
  await deliver(path, 'x');
  await pool.stopInOrder();
  assert.deepEqual(readdirSync(folder), []);
});
