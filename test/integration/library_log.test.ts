import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import type { LogEntry } from '../../dist/index.js';
import { library } from '../helpers/cli.js';
import { deliver } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { startPool } from '../helpers/pool.js';
import { run, runBlocked } from '../helpers/run.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';

test('the log callback gets typed entries, also for each connection at level debug', async (t) => {
  const entries: LogEntry[] = [];
  const { pool, port } = await startPool(t, { workers: 2, logLevel: 'debug', log: (entry) => entries.push(entry) });
  pool.output?.resume();
  await deliver(port, 'twelve bytes');
  const close = await until('close logged', () => entries.find(({ event }) => event === 'close'));
  assert.ok(close.time instanceof Date);
  assert.equal(close.bytes, 12);
  assert.match(close.peer ?? '', /^127\.0\.0\.1:\d+$/);
  assert.equal(close.pid, pool.stats().workers[close.worker ?? -1]?.pid);
  assert.deepEqual(entries.find(({ event }) => event === 'listening')?.address, pool.address());
});

test('the peer of an entry is written as an address and a port', async (t) => {
  const entries: LogEntry[] = [];
  const { pool, port } = await startPool(t, {
    workers: 2,
    host: undefined,
    logLevel: 'debug',
    log: (entry) => entries.push(entry),
  });
  pool.output?.resume();
  const peers = (): (string | undefined)[] => entries.filter(({ event }) => event === 'close').map(({ peer }) => peer);
  for (const [host, expected] of [
    ['127.0.0.1', /^127\.0\.0\.1:\d+$/],
    ['::1', /^\[::1\]:\d+$/],
  ] as const) {
    connect(port, host).resume().end('x');
    await until(`${expected.source}; there are ${peers().join()}`, () =>
      peers().some((peer) => expected.test(peer ?? '')),
    );
  }
});

test('a log callback or a listener that throws is an uncaught exception of the app, and keeps the pool from nothing', async () => {
  const source = `
    const { ProcessPool } = require(${JSON.stringify(library)});
    let thrown = 0;
    process.on('uncaughtException', () => { thrown++; });
    const fail = () => { throw new Error('of the app'); };
    const pool = new ProcessPool({ port: 0, host: '127.0.0.1', workers: 2, output: 2, log: fail });
    pool.on('worker:start', fail).on('listening', fail).on('close', fail);
    pool.start().then(() => pool.stop()).then(() => setImmediate(() => console.log(thrown > 4)));`;
  const { stdout } = await run(process.execPath, ['-e', source]);
  assert.equal(stdout, 'true\n');
});

test('a host that does not read its log loses entries, which are counted, and no byte', async (t) => {
  const entries: LogEntry[] = [];
  const output = join(temporaryFolder(t), 'out');
  const { pool, port } = await startPool(t, {
    workers: 1,
    output,
    logLevel: 'debug',
    log: (entry) => entries.push(entry),
  });
  const script = `
    const { connect } = require('node:net');
    let left = 3000;
    const next = () => left-- > 0 && connect(${port}, '127.0.0.1').on('close', next).resume().end('x');
    for (let client = 0; client < 16; client++) next();`;
  // This thread is blocked, and with it every callback of the pool.
  const { status, stderr } = runBlocked(process.execPath, ['-e', script]);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, JSON.stringify(pool.stats()));
  await until('all closed', () => pool.stats().total.closed === 3000);
  assert.ok(pool.stats().total.logDropped > 0);
  await until(
    'the rest logged',
    () =>
      entries.filter(({ event }) => event === 'connect' || event === 'close').length + pool.stats().total.logDropped >=
      6000,
  );
  await pool.stop();
  assert.equal(readFileSync(output, 'utf8').length, 3000);
});

test('what the supervisor could not tell a blocked host is counted, too', async (t) => {
  const entries: LogEntry[] = [];
  const { pool } = await startPool(t, {
    workers: 200,
    onDeath: 'restart',
    logLevel: 'debug',
    log: (entry) => entries.push(entry),
  });
  pool.output?.resume();
  // Kills all the workers that there are, each time that all of them have come again: about seven records each.
  const script = `
    const { readdirSync, readFileSync } = require('node:fs');
    const fields = (pid) => {
      try { return readFileSync('/proc/' + pid + '/stat', 'latin1').split(') ')[1].split(' '); } catch { return []; }
    };
    const workers = () => readdirSync('/proc').filter((name) => /^\\d+$/.test(name))
      .filter((pid) => { const [state, parent] = fields(pid); return parent === '${pool.stats().pid}' && state !== 'Z'; });
    const killed = new Set();
    for (let round = 0; round < 6;) {
      const ready = workers().filter((pid) => !killed.has(pid));
      if (ready.length < 200) continue;
      for (const pid of ready) { killed.add(pid); process.kill(Number(pid), 'SIGKILL'); }
      round += 1;
    }`;
  const { status, stderr } = runBlocked(process.execPath, ['-e', script]);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  const { total, workers } = pool.stats();
  const ofWorkers = workers.reduce((sum, { logDropped }) => sum + logDropped, 0);
  assert.ok(total.logDropped > ofWorkers, `${total.logDropped} in all, ${ofWorkers} by workers`);
});
