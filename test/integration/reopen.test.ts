import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import type { ProcessPool, ProcessPoolOptions } from '../../dist/index.js';
import { client, deliver, lenientClient, sendCycle } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { halt, resume } from '../helpers/halt.js';
import { send } from '../helpers/http.js';
import { piece, piecesIn, randomSize } from '../helpers/pieces.js';
import { startPool } from '../helpers/pool.js';
import { descriptorsOf, statOf } from '../helpers/processes.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { addon } from '../native/addon.js';

const mib = 2 ** 20;

/** A pool that writes to `path`, and what moves that file away. */
class Rotating {
  readonly old: string[] = [];
  readonly #sizes = new Map<string, number>();

  private constructor(
    readonly pool: ProcessPool,
    readonly port: number,
    readonly path: string,
  ) {}

  static async start(t: TestContext, options: ProcessPoolOptions = {}): Promise<Rotating> {
    const path = join(temporaryFolder(t), 'out');
    const { pool, port } = await startPool(t, { output: path, ...options });
    return new Rotating(pool, port, path);
  }

  worker(number = 0): number {
    return this.pool.stats().workers[number]!.pid!;
  }

  rename(): string {
    const name = `${this.path}.${this.old.length}`;
    renameSync(this.path, name);
    this.old.push(name);
    return name;
  }

  /** As logrotate does it: renames the file, has it opened anew, and may compress the old one then. */
  async rotate(): Promise<void> {
    const name = this.rename();
    await this.pool.reopen();
    this.#sizes.set(name, statSync(name).size);
  }

  /** After the stop: every file, from the oldest on. None has grown since rotate() returned. */
  contents(): Buffer[] {
    for (const [name, size] of this.#sizes) assert.equal(statSync(name).size, size);
    return [...this.old, this.path].map((name) => readFileSync(name));
  }

  texts(): string[] {
    return this.contents().map(String);
  }
}

test('after a rename and reopen() the old file is complete, and what comes is in a new one', async (t) => {
  const rotating = await Rotating.start(t, { workers: 4 });
  await deliver(rotating.port, 'before');
  const open = await client(rotating.port);
  open.write(', moved');
  await until('delivered', () => readFileSync(rotating.path, 'latin1').endsWith('moved'));
  rotating.rename();
  open.write(', still the old one');
  await until('delivered', () => readFileSync(rotating.old[0]!, 'latin1').endsWith('one'));
  await rotating.pool.reopen();
  open.end('after');
  await deliver(rotating.port, '');
  await until('delivered', () => existsSync(rotating.path) && statSync(rotating.path).size === 5);
  await rotating.rotate();
  await rotating.pool.stop();
  assert.deepEqual(rotating.texts(), ['before, moved, still the old one', 'after', '']);
});

for (const workers of [1, 16]) {
  test(`nothing is lost or out of order between the files of ${workers} workers under load`, async (t) => {
    const rotating = await Rotating.start(t, { workers });
    const senders = Array.from({ length: 32 }, async (_, index) => {
      await sendCycle(await client(rotating.port), index * 4, mib + index);
    });
    const sent = Promise.all(senders).then(() => true);
    for (let done = false; !done || rotating.old.length < 5;) {
      await rotating.rotate();
      done = await Promise.race([sent, Promise.resolve(false)]);
    }
    await rotating.pool.stop();
    const check = new addon.CycleCheck();
    for (const content of rotating.contents()) check.add(content);
    assert.equal(check.disorder, 0);
    assert.deepEqual(
      [...check.counts.subarray(0, 32)],
      Array.from({ length: 32 }, (_, index) => mib + index),
    );
  });
}

test('over HTTP every body is whole in one of the files', async (t) => {
  const rotating = await Rotating.start(t, { workers: 16, handler: 'http', maxBody: 8 * mib });
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  t.after(() => {
    agent.destroy();
  });
  const count = 400;
  let answered = 0;
  const bodies = Array.from({ length: count }, async (_, number) => {
    const body = piece(number, number % 100 === 0 ? 3 * mib : randomSize(2 ** 16));
    assert.equal(await send(rotating.port, body, agent), 204);
    answered += 1;
  });
  while (answered < count) await rotating.rotate();
  await Promise.all(bodies);
  await rotating.pool.stop();
  const numbers = rotating.contents().flatMap((content) => piecesIn(content));
  assert.deepEqual(
    numbers.toSorted((a, b) => a - b),
    Array.from({ length: count }, (_, number) => number),
  );
});

test('over HTTP a body of which a part is written goes on in the old file', async (t) => {
  const size = 64 * mib;
  const rotating = await Rotating.start(t, { handler: 'http', maxBody: size });
  const sent = send(rotating.port, Buffer.alloc(size));
  await until('a part is written', () => statSync(rotating.path).size > 0);
  await halt(rotating.worker());
  rotating.rename();
  const reopened = rotating.pool.reopen();
  resume(rotating.worker());
  await reopened;
  assert.equal(await sent, 204);
  await rotating.pool.stop();
  assert.deepEqual(
    rotating.contents().map(({ length }) => length),
    [size, 0],
  );
});

test('a file that is truncated under load, as by copytruncate, goes on at its beginning', async (t) => {
  const rotating = await Rotating.start(t, { workers: 16 });
  let sending = true;
  const senders = Array.from({ length: 16 }, async () => {
    const socket = await client(rotating.port);
    socket.resume();
    while (sending) await new Promise((resolve) => socket.write('x'.repeat(5000), () => setImmediate(resolve)));
    socket.end();
  });
  for (let round = 0; round < 20; round += 1) {
    await until('more', () => statSync(rotating.path).size > mib);
    truncateSync(rotating.path);
  }
  sending = false;
  await Promise.all(senders);
  await rotating.pool.stop();
  const [content] = rotating.contents();
  assert.ok(content!.every((byte) => byte === 0x78));
});

test('several calls at once, and workers that die and start meanwhile', async (t) => {
  const rotating = await Rotating.start(t, { workers: 4 });
  for (let round = 0; round < 10; round += 1) {
    rotating.rename();
    const victim = rotating.worker(round % 4);
    const reopened = [rotating.pool.reopen(), rotating.pool.reopen()];
    process.kill(victim, 'SIGKILL');
    reopened.push(rotating.pool.reopen());
    await Promise.all(reopened);
    await until('replaced', () => rotating.pool.stats().workers.every(({ state }) => state === 'ready'));
    await Promise.all(Array.from({ length: 8 }, () => deliver(rotating.port, String(round))));
  }
  await rotating.pool.stop();
  const expected = ['', ...Array.from({ length: 10 }, (_, round) => String(round).repeat(8))];
  assert.deepEqual(rotating.texts(), expected);
});

test('a worker that is stopped changes over when it goes on, and not before does reopen() resolve', async (t) => {
  const rotating = await Rotating.start(t, { workers: 2 });
  const stopped = rotating.worker(0);
  process.kill(stopped, 'SIGSTOP');
  t.after(() => {
    if (statOf(stopped) !== undefined) process.kill(stopped, 'SIGCONT');
  });
  await until('stopped', () => statOf(stopped)?.state === 'T');
  let reopened = 0;
  const waiting = Array.from({ length: 300 }, async () => {
    await rotating.pool.reopen();
    reopened += 1;
  });
  const targets = (): string[] => descriptorsOf(rotating.worker(1)).filter((name) => name.startsWith(rotating.path));
  rotating.rename();
  waiting.push(rotating.pool.reopen());
  await until('the other has changed over', () => targets().join() === rotating.path);
  assert.equal(reopened, 0);
  process.kill(stopped, 'SIGCONT');
  await Promise.all(waiting);
  assert.ok(descriptorsOf(stopped).includes(rotating.path));
});

test('a worker without a free descriptor changes over too', async (t) => {
  const rotating = await Rotating.start(t, { workers: 1 });
  const counted = (): number => rotating.pool.stats().total.accepted + rotating.pool.stats().total.refused;
  const clients: Socket[] = [];
  const connect = async (): Promise<void> => {
    clients.push(await lenientClient(rotating.port));
    await until('accepted or refused', () => counted() === clients.length);
  };
  assert.equal(spawnSync('prlimit', ['--pid', String(rotating.worker()), '--nofile=32:32']).status, 0);
  while (rotating.pool.stats().total.refused === 0) await connect();
  const before = descriptorsOf(rotating.worker()).length;
  await rotating.rotate();
  clients[0]!.write('to the new file');
  await until('delivered', () => statSync(rotating.path).size === 15);
  assert.equal(descriptorsOf(rotating.worker()).length, before);
  await connect();
  assert.equal(rotating.pool.stats().total.refused, 2, 'refused, and not left waiting: its spare descriptor is back');
  for (const socket of clients) socket.destroy();
  await rotating.pool.stop();
  assert.deepEqual(rotating.texts(), ['', 'to the new file']);
});

test('no descriptor is left open', async (t) => {
  const rotating = await Rotating.start(t, { workers: 2 });
  const counts = (): number[] =>
    ['self' as const, rotating.pool.stats().pid!, rotating.worker(0), rotating.worker(1)].map(
      (pid) => descriptorsOf(pid).length,
    );
  await rotating.rotate();
  const before = counts();
  for (let round = 0; round < 20; round += 1) await rotating.rotate();
  assert.deepEqual(counts(), before);
});

test('where the file cannot be opened anew, or is none any more, the old one stays', async (t) => {
  const rotating = await Rotating.start(t);
  const { pool, path, port } = rotating;
  rotating.rename();
  mkdirSync(path);
  await assert.rejects(pool.reopen(), { code: 'ERR_PROCPOOL_OPTION', option: 'output', value: path });
  rmSync(path, { recursive: true });
  spawnSync('mkfifo', [path]);
  await assert.rejects(pool.reopen(), { code: 'ERR_PROCPOOL_OPTION' });
  rmSync(path);
  const folder = join(path, '..');
  renameSync(folder, `${folder}.gone`);
  await assert.rejects(pool.reopen(), { code: 'ENOENT', option: 'output' });
  renameSync(`${folder}.gone`, folder);
  await deliver(port, 'old');
  await pool.reopen();
  await deliver(port, 'new');
  const stopped = pool.stop();
  await assert.rejects(pool.reopen(), { code: 'ERR_PROCPOOL_STATE' });
  await stopped;
  assert.deepEqual(rotating.texts(), ['old', 'new']);
});

test('only a file that the pool has opened can be opened anew', async (t) => {
  for (const options of [
    { output: 'pipe' },
    { output: '/dev/null' },
    { handler: 'echo', output: undefined },
  ] as const) {
    const { pool } = await startPool(t, options);
    await assert.rejects(pool.reopen(), { code: 'ERR_PROCPOOL_STATE' });
  }
});
