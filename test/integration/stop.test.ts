import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';

import { runCli, startCli, startInGroup } from '../helpers/cli.js';
import { clientsThatSent } from '../helpers/clients.js';
import { stalledClients } from '../helpers/stalled.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { piecesOf, text } from '../helpers/within.js';

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} delivers what was sent before and ends with 0`, async (t) => {
    const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug', '--drain-timeout', '10m']);
    await stalledClients(pool, 20, 2 ** 16);
    pool.child.kill(signal);
    await pool.logged('drain');
    const received = text(pool.stdout);
    assert.deepEqual(await pool.exited, { code: 0, signal: null });
    assert.equal((await received).length, 20 * 2 ** 16);
  });

  test(`a second ${signal} ends it at once, says how many bytes were not delivered and ends with 1`, async (t) => {
    const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug', '--drain-timeout', '10m']);
    await stalledClients(pool, 20, 2 ** 16);
    pool.child.kill(signal);
    await pool.logged('drain');
    pool.child.kill(signal);
    assert.deepEqual(await pool.exited, { code: 1, signal: null });
    const [undelivered] = pool.all('undelivered');
    const received = (await text(pool.stdout)).length;
    assert.equal(received + (undelivered?.bytes ?? 0), 20 * 2 ** 16);
  });
}

test('a stop loses nothing to a reader that takes little at a time', async (t) => {
  const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug', '--drain-timeout', '10m']);
  await stalledClients(pool, 40, 2 ** 16);
  pool.child.kill('SIGTERM');
  await pool.logged('drain');
  let received = 0;
  // Longer than a stop gives clients for what had not arrived.
  const slow = Date.now() + 4000;
  for await (const chunk of piecesOf(pool.stdout)) {
    received += chunk.length;
    if (Date.now() < slow) await wait(50);
  }
  assert.deepEqual(await pool.exited, { code: 0, signal: null });
  assert.equal(received, 40 * 2 ** 16);
});

test('a stop while it starts ends in order', async (t) => {
  for (let delay = 0; delay < 120; delay += 15) {
    const pool = runCli(t, ['--port', '0', '--workers', '4']);
    await wait(delay);
    pool.child.kill('SIGTERM');
    const { code, signal } = await pool.exited;
    // Before Node has come to install a handler, the signal ends Node itself.
    assert.ok(code === 0 || signal === 'SIGTERM', JSON.stringify({ code, signal }));
    assert.deepEqual(pool.complaints, []);
  }
});

test('Ctrl-C reaches the whole process group and counts once', async (t) => {
  const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug', '--drain-timeout', '10m'], {
    detached: true,
  });
  await stalledClients(pool, 20, 2 ** 16);
  process.kill(-pool.pid, 'SIGINT');
  await pool.logged('drain');
  await until('heard by both', () => pool.all('signal').length > 0);
  const received = text(pool.stdout);
  assert.deepEqual(await pool.exited, { code: 0, signal: null });
  assert.equal((await received).length, 20 * 2 ** 16);
  assert.deepEqual(pool.all('expire'), []);
});

test('Ctrl-C a second time ends it at once', async (t) => {
  const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug', '--drain-timeout', '10m'], {
    detached: true,
  });
  await stalledClients(pool, 20, 2 ** 16);
  process.kill(-pool.pid, 'SIGINT');
  await pool.logged('signal');
  process.kill(-pool.pid, 'SIGINT');
  assert.deepEqual(await pool.exited, { code: 1, signal: null });
});

test('a signal that is passed on again does not cut the drain, however long it takes', async (t) => {
  const pool = await startInGroup(t, ['--workers', '1', '--log-level', 'debug']);
  await clientsThatSent(pool.tcp, 20, Buffer.alloc(2 ** 16, 'x'));
  await pool.logged('stall');
  process.kill(-pool.pid, 'SIGINT');
  await pool.logged('signal');
  // As npm does with its terminal's Ctrl-C.
  process.kill(pool.pid, 'SIGINT');
  await pool.logged('drain');
  // Longer than the host waits for a supervisor that hangs.
  await wait(3500);
  const received = text(pool.stdout);
  assert.deepEqual(await pool.exited, { code: 0, signal: null });
  assert.equal((await received).length, 20 * 2 ** 16);
});
