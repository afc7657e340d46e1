import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';

import { ProcpoolError } from '../../dist/index.js';
import { after } from '../helpers/after.js';
import { library } from '../helpers/cli.js';
import { deliver, lenientClient } from '../helpers/clients.js';
import { ProcessPool, received, startPool } from '../helpers/pool.js';
import { statOf } from '../helpers/processes.js';
import { run } from '../helpers/run.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { once } from '../helpers/within.js';

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

test('events tell of listening, of every worker and of the end, in that order', async (t) => {
  const events: string[] = [];
  const pool = new ProcessPool({ port: 0, host: '127.0.0.1', workers: 2, output: 'pipe' });
  after(t, () => pool.stop());
  pool.on('worker:start', ({ worker, pid }) =>
    events.push(`start ${worker} ${statOf(pid) === undefined ? 'gone' : 'runs'}`),
  );
  pool.on('listening', () => events.push('listening'));
  pool.on('worker:exit', ({ code }) => events.push(`exit ${code}`));
  pool.on('close', () => events.push('close'));
  await pool.start();
  pool.output?.resume();
  await pool.stop();
  assert.deepEqual(events.slice(0, 2).sort(), ['start 0 runs', 'start 1 runs']);
  assert.deepEqual(events.slice(2), ['listening', 'exit 0', 'exit 0', 'close']);
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
    const { ProcessPool } = require(${JSON.stringify(library)});
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
  for (const timeouts of [
    [100, 3_600_000],
    [3_600_000, 100],
  ]) {
    const { pool, port } = await startPool(t, { workers: 1 });
    const socket = await lenientClient(port);
    socket.write(Buffer.alloc(2 ** 24));
    await until('stalled', () => pool.stats().total.stalledMs > 0);
    const stops = timeouts.map((drainTimeout) => pool.stop({ drainTimeout }));
    for (const stop of stops) await assert.rejects(stop, { code: 'ERR_PROCPOOL_UNDELIVERED' });
  }
});

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

test('an error has the fields that it was given, and prints no others', () => {
  const error = new ProcpoolError('ERR_PROCPOOL_OPTION', 'x', { option: 'port', value: undefined });
  assert.deepEqual(Object.keys(error).sort(), ['code', 'name', 'option', 'value']);
  assert.doesNotMatch(inspect(new ProcpoolError('ERR_PROCPOOL_STATE', 'x')), /undefined/);
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
