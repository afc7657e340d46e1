import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { type Cli, followCli, type ReadyCli, realPipe, root } from '../helpers/cli.js';
import { deliver, lenientClient } from '../helpers/clients.js';
import { childrenOf, descendantsOf, isLeft, statOf } from '../helpers/processes.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { text } from '../helpers/within.js';

/** The command as `npm start` runs it, in a process group of its own as a shell would put it. */
async function npmStart(t: TestContext, args: string[] = []): Promise<ReadyCli> {
  const command = ['--silent', 'start', '--', '--port', '0', '--host', '127.0.0.1', '--log-format', 'json', ...args];
  // A pipe that Node does not read out when npm ends.
  const { readEnd, writeEnd } = realPipe();
  const child = spawn('npm', command, { cwd: root, detached: true, stdio: ['ignore', writeEnd, 'pipe'] });
  closeSync(writeEnd);
  const pool = followCli(t, child, readEnd);
  return Object.assign(pool, { tcp: await pool.port() });
}

test('npm start passes bytes on, and its SIGTERM stops the pool in order', async (t) => {
  const pool = await npmStart(t);
  const received = text(pool.stdout);
  await deliver(pool.tcp, 'through npm');
  await pool.stop();
  assert.equal(await received, 'through npm');
  assert.equal(pool.all('done').length, 1);
});

test('the pool ends when the npm above it is killed', async (t) => {
  const pool = await npmStart(t);
  pool.note();
  pool.child.kill('SIGKILL');
  await pool.assertGone();
});

test('the pool ends when the npm above it is killed and nobody reaps it', async (t) => {
  const script = 'npm --silent start -- --port 0 --host 127.0.0.1 --log-format json & echo $! >&2; exec sleep 600';
  const child = spawn('sh', ['-c', script], { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const pool = followCli(t, child);
  await pool.port();
  const npm = Number(pool.complaints[0]);
  const processes = descendantsOf(npm);
  process.kill(npm, 'SIGKILL');
  await until('nothing but a zombie', () => statOf(npm)?.state === 'Z' && !processes.some(isLeft));
});

const namespace = ['--pid', '--fork', '--mount-proc', '--kill-child'];
const noNamespace = spawnSync('unshare', [...namespace, 'true']).status !== 0 && 'needs unshare(1) and its permission';

for (const [name, command] of [
  ['npm', ['npm', '--silent', 'start', '--']],
  ['npx', ['npx', '--no', '--', 'procpool-native']],
] as const) {
  test(`${name} may be process 1, and its SIGTERM stops the pool in order`, { skip: noNamespace }, async (t) => {
    const args = [...namespace, ...command, '--port', '0', '--host', '127.0.0.1', '--log-format', 'json'];
    const child = spawn('unshare', args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const pool = followCli(t, child);
    const port = await pool.port();
    const received = text(child.stdout);
    await deliver(port, 'in a container');
    process.kill(childrenOf(pool.pid)[0]!, 'SIGTERM');
    await pool.exited;
    assert.equal(await received, 'in a container');
    assert.equal(pool.all('done').length, 1);
  });
}

test('the pool ends when the npm above it is killed while a reader stalls the output', async (t) => {
  const pool = await npmStart(t, ['--log-level', 'debug', '--drain-timeout', '1s']);
  const socket = await lenientClient(pool.tcp);
  socket.write(Buffer.alloc(2 ** 22));
  await pool.logged('stall');
  pool.note();
  pool.child.kill('SIGKILL');
  await pool.assertGone();
});

const stops: Record<string, (pool: Cli) => unknown> = {
  'Ctrl-C under npm, which passes it on once more, counts once': (pool) => process.kill(-pool.pid, 'SIGINT'),
  'SIGTERM to npm, whose shell dies of it at once, drains all the same': (pool) => pool.child.kill('SIGTERM'),
  'SIGTERM to the group of npm does not cut the drain': (pool) => process.kill(-pool.pid, 'SIGTERM'),
  'SIGQUIT to the group of npm does not cut the drain': (pool) => process.kill(-pool.pid, 'SIGQUIT'),
};

for (const [title, stop] of Object.entries(stops)) {
  test(title, async (t) => {
    const pool = await npmStart(t, ['--log-level', 'debug', '--drain-timeout', '10m', '--workers', '1']);
    const socket = await lenientClient(pool.tcp);
    const size = 2 ** 23;
    socket.end(Buffer.alloc(size, 'x'));
    await pool.logged('stall');
    const { supervisor } = pool;
    stop(pool);
    await pool.logged('drain');
    // As long as the command needs to see that npm or its shell is gone, and more.
    await wait(1000);
    const received = text(pool.stdout);
    await pool.exited;
    const { length } = await received;
    assert.ok(length > 2 ** 18 && length <= size, String(length));
    for (const event of ['expire', 'undelivered']) assert.deepEqual(pool.all(event), []);
    assert.equal(statOf(supervisor), undefined);
  });
}
