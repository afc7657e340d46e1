import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';

import { type LogEntry, ProcpoolError, type WorkerExit } from '../../dist/index.js';
import { after } from '../helpers/after.js';
import { root } from '../helpers/cli.js';
import { client, deliver, lenientClient, refusesConnections } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { halt } from '../helpers/halt.js';
import { ProcessPool, startPool } from '../helpers/pool.js';
import { childrenOf, descriptorsOf, isLeft, statOf } from '../helpers/processes.js';
import { run, runBlocked } from '../helpers/run.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { once, text, within } from '../helpers/within.js';

const entry = join(root, 'dist', 'index.js');

function received(pool: ProcessPool): Promise<string> {
  assert.ok(pool.output);
  return text(pool.output);
}

test('start, address, a client, stats and stop', async (t) => {
  const { pool, port } = await startPool(t, { workers: 3 });
  assert.deepEqual(pool.address(), { address: '127.0.0.1', family: 'IPv4', port });
  const output = received(pool);
  await deliver(port, 'hello');
  const { state, workers, total } = pool.stats();
  assert.equal(state, 'running');
  assert.deepEqual(
    workers.map(({ worker, state }) => [worker, state]),
    [
      [0, 'ready'],
      [1, 'ready'],
      [2, 'ready'],
    ],
  );
  assert.deepEqual(
    { accepted: total.accepted, active: total.active, closed: total.closed, in: total.bytesIn, out: total.bytesOut },
    { accepted: 1, active: 0, closed: 1, in: 5, out: 5 },
  );
  await pool.stop();
  assert.equal(await output, 'hello');
  assert.equal(pool.stats().state, 'ended');
  assert.equal(pool.stats().total.bytesOut, 5);
  assert.ok(pool.stats().workers.every(({ pid, state }) => pid === null && state === 'ended'));
});

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

test('events tell of listening, of every worker and of the end, in that order', async (t) => {
  const seen: string[] = [];
  const pool = new ProcessPool({ port: 0, host: '127.0.0.1', workers: 2, output: 'pipe' });
  after(t, () => pool.stop());
  pool.on('worker:start', ({ worker, pid }) =>
    seen.push(`start ${worker} ${statOf(pid) === undefined ? 'gone' : 'runs'}`),
  );
  pool.on('listening', () => seen.push('listening'));
  pool.on('worker:exit', ({ code }) => seen.push(`exit ${code}`));
  pool.on('close', () => seen.push('close'));
  await pool.start();
  pool.output?.resume();
  await pool.stop();
  assert.deepEqual(seen.slice(0, 2).sort(), ['start 0 runs', 'start 1 runs']);
  assert.deepEqual(seen.slice(2), ['listening', 'exit 0', 'exit 0', 'close']);
});

test('the log callback gets typed entries, also for each connection at level debug', async (t) => {
  const entries: LogEntry[] = [];
  const { pool, port } = await startPool(t, { workers: 2, logLevel: 'debug', log: (one) => entries.push(one) });
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
    log: (one) => entries.push(one),
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
    const { ProcessPool } = require(${JSON.stringify(entry)});
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
  const { pool, port } = await startPool(t, { workers: 1, output, logLevel: 'debug', log: (one) => entries.push(one) });
  const script = `
    const { connect } = require('node:net');
    let left = 3000;
    const next = () => left-- > 0 && connect(${port}, '127.0.0.1').on('close', next).resume().end('x');
    next();`;
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
  const heard: LogEntry[] = [];
  const { pool } = await startPool(t, { workers: 200, logLevel: 'debug', log: (entry) => heard.push(entry) });
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

test('resize up and down, and a worker that is too many keeps its clients', async (t) => {
  const { pool, port } = await startPool(t, { workers: 1 });
  const output = received(pool);
  await pool.resize(3);
  assert.deepEqual(
    pool.stats().workers.map(({ state }) => state),
    ['ready', 'ready', 'ready'],
  );
  const sockets = [await client(port), await client(port), await client(port)];
  await until('accepted', () => pool.stats().total.active === 3);
  await pool.resize(1);
  assert.deepEqual(
    pool.stats().workers.map(({ state }) => state),
    ['ready', 'retiring', 'retiring'],
  );
  for (const socket of sockets) {
    socket.resume().end('kept');
    await once(socket, 'close');
  }
  await until('retired', () => pool.stats().workers.length === 1);
  await deliver(port, 'on');
  await Promise.all(Array.from({ length: 1000 }, (_, index) => pool.resize(index === 999 ? 2 : 4)));
  assert.equal(pool.stats().workers.filter(({ state }) => state === 'ready').length, 2);
  await pool.stop();
  assert.equal(await output, 'keptkeptkepton');
  assert.equal(pool.stats().total.accepted, 4);
});

test('a resize that a stop overtakes rejects', async (t) => {
  const { pool } = await startPool(t, { workers: 2 });
  pool.output?.resume();
  const resized = pool.resize(1024);
  const stopped = pool.stop();
  await assert.rejects(resized, { code: 'ERR_PROCPOOL_STATE' });
  await stopped;
});

test('an AbortSignal stops the pool, at any stage', async (t) => {
  const reason = new Error('enough');
  const early = new ProcessPool({ port: 0, signal: AbortSignal.abort(reason) });
  await assert.rejects(early.start(), reason);

  const controller = new AbortController();
  const { pool } = await startPool(t, { workers: 2, signal: controller.signal });
  pool.output?.resume();
  const closed = once(pool, 'close');
  controller.abort(reason);
  await closed;
  assert.equal(pool.stats().state, 'ended');

  const during = new AbortController();
  const starting = new ProcessPool({ port: 0, workers: 4, output: 'pipe', signal: during.signal });
  const closing = once(starting, 'close');
  const start = starting.start();
  during.abort(reason);
  await assert.rejects(start, reason);
  await closing;
});

test('a pool that has ended listens to its AbortSignal no more', async (t) => {
  const { signal } = new AbortController();
  const { pool } = await startPool(t, { workers: 2, signal });
  pool.output?.resume();
  assert.equal(getEventListeners(signal, 'abort').length, 1);
  await pool.stop();
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('await using stops the pool at the end of the block', async (t) => {
  const { pool } = await startPool(t, { workers: 2 });
  pool.output?.resume();
  await pool[Symbol.asyncDispose]();
  assert.equal(pool.stats().state, 'ended');
});

test('stop can be called before, twice and after; start only once', async (t) => {
  const never = new ProcessPool();
  await never.stop();
  await assert.rejects(never.start(), { code: 'ERR_PROCPOOL_STATE' });

  const { pool } = await startPool(t, { workers: 2 });
  pool.output?.resume();
  await assert.rejects(pool.start(), { code: 'ERR_PROCPOOL_STATE' });
  await Promise.all([pool.stop(), pool.stop()]);
  await pool.stop();
  await assert.rejects(pool.resize(2), { code: 'ERR_PROCPOOL_STATE' });

  const stopped = new ProcessPool({ port: 0, output: 'pipe', host: 'localhost' });
  const start = stopped.start();
  const stop = stopped.stop();
  await assert.rejects(start, { code: 'ERR_PROCPOOL_STATE' });
  await stop;
});

test('a pool that is stopped before it was launched keeps no process alive', async () => {
  const source = `
    const { ProcessPool } = require(${JSON.stringify(entry)});
    const pool = new ProcessPool({ port: 0, host: 'localhost', output: 2, drainTimeout: 3_600_000 });
    pool.start().catch(({ code }) => console.log(code));
    pool.stop();`;
  const { stdout } = await run(process.execPath, ['-e', source]);
  assert.equal(stdout, 'ERR_PROCPOOL_STATE\n');
});

test('a drain that is cut short rejects with the number of bytes', async (t) => {
  const { pool, port } = await startPool(t, { workers: 1 });
  const socket = await lenientClient(port);
  socket.write(Buffer.alloc(2 ** 24));
  await until('stalled', () => pool.stats().total.stalledMs > 0);
  await assert.rejects(pool.stop({ drainTimeout: 10 }), (error: { code: string; bytes: number }) => {
    assert.equal(error.code, 'ERR_PROCPOOL_UNDELIVERED');
    const { bytesDropped, bytesUnread } = pool.stats().total;
    assert.equal(error.bytes, bytesDropped + bytesUnread);
    return error.bytes > 0;
  });
});

test('a second stop() may shorten the drain, and does not lengthen it', async (t) => {
  for (const times of [
    [100, 3_600_000],
    [3_600_000, 100],
  ]) {
    const { pool, port } = await startPool(t, { workers: 1 });
    const socket = await lenientClient(port);
    socket.write(Buffer.alloc(2 ** 24));
    await until('stalled', () => pool.stats().total.stalledMs > 0);
    const stops = times.map((drainTimeout) => pool.stop({ drainTimeout }));
    for (const stop of stops) await assert.rejects(stop, { code: 'ERR_PROCPOOL_UNDELIVERED' });
  }
});

test('stats are read while the workers hang', async (t) => {
  const { pool, port } = await startPool(t, { workers: 1 });
  pool.output?.resume();
  await deliver(port, 'before');
  const { pid } = pool.stats().workers[0]!;
  process.kill(pid!, 'SIGSTOP');
  assert.equal(pool.stats().workers[0]!.bytesOut, 6);
  process.kill(pid!, 'SIGCONT');
});

test('a killed worker is replaced and told of; counters go on', async (t) => {
  const { pool, port } = await startPool(t, { workers: 1 });
  pool.output?.resume();
  await deliver(port, 'one');
  const { pid } = pool.stats().workers[0]!;
  const [exited, started] = [once(pool, 'worker:exit'), once(pool, 'worker:start')];
  process.kill(pid!, 'SIGKILL');
  const [exit] = (await exited) as [WorkerExit];
  assert.deepEqual(exit, { worker: 0, pid, code: null, signal: 'SIGKILL' });
  await started;
  await deliver(port, 'two');
  const { accepted, restarts, bytesOut } = pool.stats().workers[0]!;
  assert.deepEqual({ accepted, restarts, bytesOut }, { accepted: 2, restarts: 1, bytesOut: 6 });
});

for (const [what, stop] of [
  ['leaving a loop over the output', undefined],
  ['destroying the output with an error', new Error('of the app')],
] as const) {
  test(`${what} is a stop of the pool, also while clients send`, async () => {
    const pool = new ProcessPool({ port: 0, host: '127.0.0.1', workers: 2, output: 'pipe' });
    const errors: Error[] = [];
    pool.on('error', (error) => errors.push(error));
    await pool.start();
    const closed = once(pool, 'close');
    const socket = await lenientClient(pool.port);
    socket.write(Buffer.alloc(2 ** 22));
    const output = pool.output!.on('error', () => undefined);
    await once(output, 'readable');
    if (stop === undefined) for await (const chunk of output) if ((chunk as Buffer).length > 0) break;
    output.destroy(stop);
    await closed;
    assert.deepEqual(errors, []);
    await pool.stop();
    assert.equal(pool.stats().state, 'ended');
    assert.ok(pool.stats().total.bytesOut > 0);
  });
}

test('a stop with a signal that there is not is refused, and changes nothing', async (t) => {
  const { pool } = await startPool(t, { workers: 2 });
  await assert.rejects(pool.stop({ signal: 'SIGNONE' as NodeJS.Signals }), {
    code: 'ERR_PROCPOOL_OPTION',
    message: 'option "signal" must be the name of a signal, not "SIGNONE"',
  });
  await pool.resize(1);
  await pool.stop();
});

test('there is no output and no address before the start, and an error says so', async () => {
  const pool = new ProcessPool({ port: 0, output: 'pipe' });
  assert.throws(() => pool.output, {
    code: 'ERR_PROCPOOL_STATE',
    message: 'there is no output: the pool is not started',
  });
  assert.throws(() => pool.address(), { code: 'ERR_PROCPOOL_STATE' });
  await pool.stop();
});

test('orders for which a hung supervisor has no room wait, and do not keep it from being killed', async (t) => {
  const { pool } = await startPool(t, { workers: 2 });
  pool.output?.resume();
  const { pid } = pool.stats();
  await halt(pid!);
  const resizes: Promise<string>[] = [];
  const resize = (workers: number): void => {
    const failed = pool.resize(workers).then(
      () => 'resized',
      (error: unknown) => (error as { code: string }).code,
    );
    resizes.push(failed);
  };
  // One order each, more than a channel holds.
  for (let round = 0; round < 600; round++) {
    resize(1 + (round % 3));
    await wait(0);
  }
  await assert.rejects(pool.stop({ drainTimeout: 0 }), {
    code: 'ERR_PROCPOOL_SUPERVISOR',
    message: 'the supervisor was killed by SIGKILL',
  });
  assert.deepEqual([...new Set(await Promise.all(resizes))], ['ERR_PROCPOOL_SUPERVISOR']);
});

test('orders that waited for a hung supervisor reach it when it goes on', async (t) => {
  const { pool } = await startPool(t, { workers: 2 });
  pool.output?.resume();
  const { pid } = pool.stats();
  await halt(pid!);
  const resizes: Promise<void>[] = [];
  for (let round = 0; round < 600; round++) {
    resizes.push(pool.resize(round === 599 ? 3 : 1 + (round % 2)));
    await wait(0);
  }
  process.kill(pid!, 'SIGCONT');
  await Promise.all(resizes);
  assert.equal(pool.stats().workers.filter(({ state }) => state === 'ready').length, 3);
  await pool.stop();
});

test('an error has the fields that it was given, and prints no others', () => {
  const error = new ProcpoolError('ERR_PROCPOOL_OPTION', 'x', { option: 'port', value: undefined });
  assert.deepEqual(Object.keys(error).sort(), ['code', 'name', 'option', 'value']);
  assert.doesNotMatch(inspect(new ProcpoolError('ERR_PROCPOOL_STATE', 'x')), /undefined/);
});

test('a killed supervisor is an error event, then close', async (t) => {
  const { pool } = await startPool(t, { workers: 2 });
  pool.output?.resume();
  const failed = once(pool, 'error');
  const closed = within('the pool is closed', new Promise<void>((resolve) => pool.once('close', resolve)));
  process.kill(pool.stats().pid!, 'SIGKILL');
  const [error] = (await failed) as [{ code: string }];
  assert.equal(error.code, 'ERR_PROCPOOL_SUPERVISOR');
  await closed;
  assert.equal(pool.stats().state, 'ended');
});

test('a supervisor that is told to stop by others is no error', async (t) => {
  const { pool } = await startPool(t, { workers: 2 });
  pool.output?.resume();
  const closed = once(pool, 'close');
  process.kill(pool.stats().pid!, 'SIGTERM');
  await closed;
});

test('IPv6, both families at once, and a host name', async (t) => {
  const { pool: six } = await startPool(t, { workers: 2, host: '::1' });
  assert.equal((six.address() as { family: string }).family, 'IPv6');
  const { pool: both, port: bothPort } = await startPool(t, { workers: 2, host: undefined });
  const output = received(both);
  for (const host of ['127.0.0.1', '::1']) {
    const socket = connect(bothPort, host).resume();
    socket.end(host);
    await once(socket, 'close');
  }
  const { port: namedPort } = await startPool(t, { workers: 2, host: 'localhost' });
  await once(connect(namedPort, 'localhost').resume().end('x'), 'close');
  await both.stop();
  assert.equal(await output, '127.0.0.1::1');
});

test('a Unix socket is removed at the stop, a stale one is replaced, one in use is not', async (t) => {
  const path = join(temporaryFolder(t), 'socket');
  const { pool } = await startPool(t, { workers: 2, path });
  const output = received(pool);
  assert.equal(pool.address(), path);
  await deliver(path, 'unix');
  const second = new ProcessPool({ path, output: 'pipe' });
  await assert.rejects(second.start(), { code: 'EADDRINUSE', address: path });
  await deliver(path, ' again');
  await pool.stop();
  assert.equal(await output, 'unix again');
  assert.ok(!existsSync(path));

  // Left behind by a process that was killed.
  const left = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await run(process.execPath, ['-e', left]).catch(() => undefined);
  assert.ok(existsSync(path));
  const { pool: third } = await startPool(t, { workers: 2, path });
  process.kill(third.stats().pid!, 'SIGKILL');
  await once(third, 'error');
  await until('removed though its supervisor was killed', () => !existsSync(path));
});

test('an output may be a descriptor, which stays open, or a file', async (t) => {
  const folder = temporaryFolder(t);
  const descriptor = openSync(join(folder, 'descriptor'), 'w');
  after(t, () => {
    closeSync(descriptor);
  });
  for (const [output, name] of [
    [descriptor, 'descriptor'],
    [join(folder, 'file'), 'file'],
  ] as const) {
    const { pool, port } = await startPool(t, { workers: 2, output });
    assert.equal(pool.output, null);
    await deliver(port, name);
    await pool.stop();
    assert.equal(readFileSync(join(folder, name), 'utf8'), name);
  }
});

test('several pools in one process, which keeps its own children and signal handlers', async (t) => {
  const heard: string[] = [];
  const listener = (signal: string): unknown => heard.push(signal);
  process.on('SIGCHLD', listener).on('SIGUSR2', listener);
  after(t, () => process.off('SIGCHLD', listener).off('SIGUSR2', listener));

  const pools = await Promise.all([0, 1, 2].map(() => startPool(t, { workers: 2 })));
  const outputs = pools.map(({ pool }) => received(pool));
  const child = spawn('sh', ['-c', 'exit 7'], { stdio: 'ignore' });
  assert.deepEqual(await once(child, 'exit'), [7, null]);
  process.kill(process.pid, 'SIGUSR2');
  await until('own handlers called', () => heard.includes('SIGUSR2') && heard.includes('SIGCHLD'));
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
    const { ProcessPool } = require(${JSON.stringify(entry)});
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
    const { ProcessPool } = require(${JSON.stringify(entry)});
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
    const { ProcessPool } = require(${JSON.stringify(entry)});
    const pool = new ProcessPool({ port: 0, host: '127.0.0.1', workers: 2, output: 2 });
    pool.start().then(() => { console.log(pool.stats().pid); process.exit(0); });`;
  const { stdout } = await run(process.execPath, ['-e', source]);
  await until('nothing left', () => !isLeft(Number(stdout)));
});

test('a port in use and one without permission are Node errors that name option and value', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(t, () => server.close());
  const { port } = server.address() as { port: number };
  const before = descriptorsOf('self').length;
  const pool = new ProcessPool({ port, host: '127.0.0.1', output: 'pipe' });
  await assert.rejects(pool.start(), (error: Record<string, unknown> & Error) => {
    const { code, errno, syscall, address, port: inUse, option, value, message } = error;
    assert.deepEqual(
      { code, errno, syscall, address, inUse, option, value },
      {
        code: 'EADDRINUSE',
        errno: -98,
        syscall: 'listen',
        address: '127.0.0.1',
        inUse: port,
        option: 'port',
        value: port,
      },
    );
    assert.match(message, new RegExp(`option "port": ${port}`));
    return true;
  });
  await until('no descriptor left', () => descriptorsOf('self').length === before);
  await assert.rejects(new ProcessPool({ host: 'no-such-host.invalid' }).start(), {
    code: 'ENOTFOUND',
    option: 'host',
  });
  await assert.rejects(new ProcessPool({ host: '192.0.2.1', port: 0 }).start(), {
    code: 'EADDRNOTAVAIL',
    option: 'host',
  });
  await assert.rejects(new ProcessPool({ path: '/no/such/folder/socket' }).start(), { code: 'ENOENT', option: 'path' });
  await assert.rejects(new ProcessPool({ port: 0, output: 9999 }).start(), {
    code: 'ERR_PROCPOOL_OPTION',
    option: 'output',
  });
});
