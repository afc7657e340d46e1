import assert from 'node:assert/strict';

import { client, write } from '../helpers/clients.js';
import { startCli } from '../helpers/cli.js';
import { post, RawClient } from '../helpers/http.js';
import { ProcessPool, received, startPool } from '../helpers/pool.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { once, text, within } from '../helpers/within.js';

test('recycle() replaces every worker, and no connection notices', async (t) => {
  const { pool, port } = await startPool(t, { workers: 3 });
  const output = received(pool);
  const sockets = await Promise.all(Array.from({ length: 6 }, () => client(port)));
  const pids = (): (number | null)[] => pool.stats().workers.map(({ pid }) => pid);
  for (let round = 0; round < 3; round++) {
    for (const socket of sockets) await write(socket, 'x');
    const before = pids();
    await within('recycled', pool.recycle());
    assert.ok(pids().every((pid, worker) => pid !== null && pid !== before[worker]));
  }
  for (const socket of sockets) {
    socket.end();
    socket.resume();
    await once(socket, 'close');
  }
  const { takeovers, restarts, errors, accepted } = pool.stats().total;
  assert.deepEqual({ takeovers, restarts, errors, accepted }, { takeovers: 9, restarts: 9, errors: 0, accepted: 6 });
  await pool.stop();
  assert.equal(await output, 'x'.repeat(18));
});

test('a request that has begun is finished before its worker is replaced', async (t) => {
  const { pool, port } = await startPool(t, { handler: 'http' });
  const output = received(pool);
  const begun = await RawClient.connect(port);
  const idle = await RawClient.connect(port);
  begun.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nbe');
  await until('begun', () => pool.stats().total.bytesIn === 2);
  const recycled = within('recycled', pool.recycle());
  begun.write('gun');
  assert.equal((await begun.answer()).status, 204);
  idle.write(post(' idle'));
  assert.equal((await idle.answer()).status, 204);
  await recycled;
  for (const connection of [begun, idle]) {
    connection.write(post('.'));
    assert.equal((await connection.answer()).status, 204);
    connection.socket.end();
  }
  const { errors, takeovers } = pool.stats().total;
  assert.deepEqual({ errors, takeovers }, { errors: 0, takeovers: 1 });
  await pool.stop();
  assert.equal(await output, 'begun idle..');
});

test('recycle() needs the takeover', async (t) => {
  const { pool } = await startPool(t, { onDeath: 'restart' });
  pool.output!.resume();
  await assert.rejects(pool.recycle(), {
    code: 'ERR_PROCPOOL_STATE',
    message: 'recycle() cannot be done: option "onDeath" is not "takeover"',
  });
  await assert.rejects(new ProcessPool().recycle(), { code: 'ERR_PROCPOOL_STATE' });
});

test('SIGUSR2 replaces every worker, and so does a lifetime', async (t) => {
  const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug']);
  const output = text(pool.stdout);
  const socket = await client(pool.tcp);
  await write(socket, 'one ');
  pool.child.kill('SIGUSR2');
  await pool.logged('recycled');
  assert.equal(pool.all('takeover').length, 2);
  socket.end('connection');
  socket.resume();
  await once(socket, 'close');
  await pool.stopInOrder();
  assert.equal(await output, 'one connection');

  const aging = await startCli(t, ['--workers', '2', '--max-lifetime', '100ms']);
  aging.stdout.resume();
  await until('each has been replaced twice', () =>
    [0, 1].every((worker) => aging.all('takeover').filter((entry) => entry.worker === worker).length >= 2),
  );
  await aging.stopInOrder();
});
