import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { after } from '../helpers/after.js';
import { cli, type Entry, realPipe, runCli, startCli } from '../helpers/cli.js';
import { deliver, refusesConnections } from '../helpers/clients.js';
import { freePort } from '../helpers/ports.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { once, text } from '../helpers/within.js';

test('the text log says listening with address and port', async (t) => {
  const pool = runCli(t, ['--port', '0', '--host', '127.0.0.1', '--log-format', 'text']);
  const line = await until('listening', () => pool.complaints.find((complaint) => complaint.includes(' listening ')));
  const port = Number(/^\S+Z info {2}listening on 127\.0\.0\.1:(\d+)$/.exec(line)?.[1]);
  await deliver(port, 'x');
  await pool.stopInOrder();
});

test('at level info a start is one line, and a stop says how long it may take and that it is done', async (t) => {
  const pool = await startCli(t, ['--workers', '3', '--drain-timeout', '5s']);
  await pool.stopInOrder();
  assert.deepEqual(
    pool.entries.map(({ event, message }) => `${event}: ${message}`),
    [`listening: on 127.0.0.1:${pool.tcp}`, 'drain: stopping within 5000 ms', 'done: all processes have exited'],
  );
  assert.deepEqual(pool.complaints, []);
});

test('--log-level silent says nothing at all', async (t) => {
  const port = await freePort();
  const pool = runCli(t, ['--port', String(port), '--host', '127.0.0.1', '--log-level', 'silent']);
  await until('it serves', () =>
    deliver(port, 'x').then(
      () => true,
      () => false,
    ),
  );
  await pool.stopInOrder();
  assert.deepEqual([pool.entries, pool.complaints], [[], []]);
});

test('a log whose reader has gone stops nothing', async (t) => {
  const pool = await startCli(t, ['--log-level', 'debug']);
  pool.child.stderr?.destroy();
  pool.stdout.resume();
  for (let round = 0; round < 20; round++) await deliver(pool.tcp, 'x');
  await pool.stopInOrder();
});

test('a log whose reader stops reading delays neither bytes nor the stop', async (t) => {
  const port = await freePort();
  const [stdout, stderr] = [realPipe(), realPipe()];
  const command = [cli, '--port', String(port), '--host', '127.0.0.1', '--log-level', 'debug', '--workers', '1'];
  const child = spawn(process.execPath, command, { stdio: ['ignore', stdout.writeEnd, stderr.writeEnd] });
  for (const { writeEnd } of [stdout, stderr]) closeSync(writeEnd);
  stderr.readEnd.pause();
  after(t, () => {
    child.kill('SIGKILL');
    stderr.readEnd.destroy();
  });
  const received = text(stdout.readEnd);
  await until('it serves', () => refusesConnections(port).then((refused) => !refused));
  for (let round = 0; round < 2000; round++) await deliver(port, 'x');
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  assert.equal(await received, 'x'.repeat(2000));
});

test('a log whose reader reads on says how many entries were left out', async (t) => {
  const stderr = realPipe();
  const command = [cli, '--port', '0', '--host', '127.0.0.1', '--log-level', 'debug', '--log-format', 'json'];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', stderr.writeEnd] });
  closeSync(stderr.writeEnd);
  after(t, () => {
    child.kill('SIGKILL');
    stderr.readEnd.destroy();
  });
  const entries: Entry[] = [];
  createInterface({ input: stderr.readEnd }).on('line', (line) => entries.push(JSON.parse(line) as Entry));
  const { address } = await until('it listens', () => entries.find(({ event }) => event === 'listening'));
  const { port } = address as { port: number };
  stderr.readEnd.pause();
  for (let round = 0; round < 1000; round++) await deliver(port, 'x');
  stderr.readEnd.resume();
  const left = /^(\d+) log entries dropped$/;
  const count = await until('it is said', async () => {
    await deliver(port, 'x');
    return left.exec(entries.find(({ message }) => left.test(message))?.message ?? '')?.[1];
  });
  assert.ok(Number(count) > 0 && Number(count) <= 2000, count);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
});

test('--stats-interval logs the counters', async (t) => {
  const pool = await startCli(t, ['--stats-interval', '20ms']);
  pool.stdout.resume();
  await deliver(pool.tcp, 'twelve bytes');
  const { message } = await pool.logged('stats', ({ message }) => message.includes('bytes in 12'));
  assert.match(
    message,
    /^accepted 1, active \d+, bytes in 12, bytes out \d+, requests 0, errors 0, timeouts 0, restarts 0$/,
  );
});
