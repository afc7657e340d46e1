import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { Socket } from 'node:net';

import { type Cli, startCli } from '../helpers/cli.js';
import { client, deliver, lenientClient } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { halt } from '../helpers/halt.js';
import { descriptorsOf } from '../helpers/processes.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { once, text } from '../helpers/within.js';

/** How many connections each worker has taken, as the log tells. */
function shares(pool: Cli, workers: number): number[] {
  return Array.from(
    { length: workers },
    (_, worker) => pool.all('connect').filter((entry) => entry.worker === worker).length,
  );
}

function bodyOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `<${index}>`);
}

for (const kind of ['TCP', 'a Unix socket'] as const) {
  test(`300 sequential connections over ${kind} spread 100/100/100`, async (t) => {
    const path = `${temporaryFolder(t)}/socket`;
    const args = ['--workers', '3', '--log-level', 'debug'];
    const pool = kind === 'TCP' ? await startCli(t, args) : await startCli(t, args, { path });
    const received = text(pool.stdout);
    for (const body of bodyOf(300)) await deliver(kind === 'TCP' ? pool.tcp : path, body);
    await until('all logged', () => pool.all('connect').length === 300);
    assert.deepEqual(shares(pool, 3), [100, 100, 100]);
    await pool.stopInOrder();
    assert.equal((await received).length, bodyOf(300).join('').length);
  });
}

test('shares differ by at most one also when connections come many at a time', async (t) => {
  const pool = await startCli(t, ['--workers', '3', '--log-level', 'debug']);
  pool.stdout.resume();
  for (let round = 0; round < 10; round++) {
    await Promise.all(bodyOf(20).map((body) => deliver(pool.tcp, body)));
  }
  await until('all logged', () => pool.all('connect').length === 200);
  const counts = shares(pool, 3);
  assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, String(counts));
});

test('2000 connections are open at once, each with one descriptor', async (t) => {
  const pool = await startCli(t, ['--workers', '1']);
  const received = text(pool.stdout);
  const before = descriptorsOf(pool.worker(0)).length;
  const sockets: Socket[] = [];
  for (let index = 0; index < 2000; index++) sockets.push(await client(pool.tcp));
  await until('all accepted', () => descriptorsOf(pool.worker(0)).length === before + 2000);
  const bodies = bodyOf(2000);
  sockets.forEach((socket, index) => socket.resume().end(bodies[index]!));
  await until('all closed', () => descriptorsOf(pool.worker(0)).length === before);
  await pool.stopInOrder();
  const arrived = await received;
  assert.deepEqual(arrived.match(/<\d+>/g)?.sort(), bodies.sort());
});

test('a burst of 1000 simultaneous connects is served', async (t) => {
  const pool = await startCli(t, ['--workers', '3']);
  const received = text(pool.stdout);
  await Promise.all(bodyOf(1000).map((body) => deliver(pool.tcp, body)));
  await pool.stopInOrder();
  assert.deepEqual((await received).match(/<\d+>/g)?.sort(), bodyOf(1000).sort());
});

test('a stuck worker does not stop the others, and serves again when it goes on', async (t) => {
  const pool = await startCli(t, ['--workers', '3', '--log-level', 'debug']);
  pool.stdout.resume();
  const stuck = pool.worker(1);
  await halt(stuck);
  for (const body of bodyOf(30)) await deliver(pool.tcp, body);
  await until('all logged', () => pool.all('connect').length === 30);
  assert.equal(shares(pool, 3)[1], 0);
  process.kill(stuck, 'SIGCONT');
  await until('it accepts again', async () => {
    await deliver(pool.tcp, 'again');
    return (shares(pool, 3)[1] ?? 0) > 0;
  });
});

test('a worker that dies with a token does not stop the others', async (t) => {
  const pool = await startCli(t, ['--workers', '3', '--log-level', 'debug']);
  pool.stdout.resume();
  const stuck = pool.worker(0);
  await halt(stuck);
  await deliver(pool.tcp, 'whose turn it is has a token, and another serves');
  process.kill(stuck, 'SIGKILL');
  await pool.logged('exit', ({ pid }) => pid === stuck);
  for (const body of bodyOf(30)) await deliver(pool.tcp, body);
  await until('replaced', () => pool.worker(0) !== stuck);
  await until('the new one serves', async () => {
    await deliver(pool.tcp, 'again');
    return pool.all('connect').some(({ pid }) => pid === pool.worker(0));
  });
});

test('at the descriptor limit clients are refused, which is logged once, and served again later', async (t) => {
  const pool = await startCli(t, ['--workers', '1', '--log-level', 'debug']);
  pool.stdout.resume();
  const worker = pool.worker(0);
  const before = descriptorsOf(worker).length;
  const limit = before + 10;
  const limited = spawnSync('prlimit', ['--pid', String(worker), `--nofile=${limit}:${limit}`]);
  if (limited.status !== 0) {
    t.skip('needs prlimit(1)');
    return;
  }

  const sockets = await Promise.all(Array.from({ length: 30 }, () => lenientClient(pool.tcp)));
  const refused = (): Socket[] => sockets.filter((socket) => socket.closed);
  await until('the others refused', () => refused().length >= 19);
  await pool.logged('refuse');
  assert.equal(pool.all('refuse').length, 1);
  assert.equal(pool.all('refuse')[0]?.error, 'EMFILE');

  for (const socket of sockets) socket.end();
  await Promise.all(sockets.filter((socket) => !socket.closed).map((socket) => once(socket, 'close')));
  await deliver(pool.tcp, 'again');
  await pool.logged('close', ({ bytes }) => bytes === 'again'.length);
});
