import assert from 'node:assert/strict';
import { suite } from 'node:test';

import { client, deliver, lenientClient } from '../helpers/clients.js';
import { inject, noFaults, startTraceable, trace } from '../helpers/faults.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { once, text } from '../helpers/within.js';

suite('system calls that fail', { skip: noFaults }, () => {
  for (const error of ['ECONNABORTED', 'EINTR', 'EAGAIN', 'EPROTO']) {
    test(`accept fails with ${error} now and then: every client is served`, async (t) => {
      const pool = await startTraceable(t, ['--workers', '2']);
      const received = text(pool.stdout);
      for (const worker of [0, 1]) await inject(t, pool.worker(worker), `accept4:error=${error}:when=1+3`);
      for (let round = 0; round < 20; round++) await deliver(pool.tcp, 'x');
      await pool.stopInOrder();
      assert.equal(await received, 'x'.repeat(20));
    });
  }

  test('no descriptor is left in the whole system: clients wait, and are served when there is one again', async (t) => {
    const pool = await startTraceable(t, ['--workers', '2']);
    const received = text(pool.stdout);
    const stops = [
      await inject(t, pool.worker(0), 'accept4:error=ENFILE'),
      await inject(t, pool.worker(1), 'accept4:error=ENFILE'),
    ];
    const deliveries = Array.from({ length: 5 }, () => deliver(pool.tcp, 'x'));
    await pool.logged('refuse');
    for (const stop of stops) await stop();
    await Promise.all(deliveries);
    await pool.stopInOrder();
    assert.equal(await received, 'xxxxx');
    assert.ok(pool.all('refuse').length <= 2, 'logged once by each worker');
  });

  test('a connection that cannot be watched ends, the others go on', async (t) => {
    const pool = await startTraceable(t, ['--workers', '1', '--log-level', 'debug']);
    const received = text(pool.stdout);
    const stop = await inject(t, pool.worker(0), 'epoll_ctl:error=ENOSPC');
    const socket = await lenientClient(pool.tcp);
    await once(socket, 'close');
    assert.equal((await pool.logged('reset')).error, 'ENOSPC');
    await stop();
    await deliver(pool.tcp, 'x');
    await pool.stopInOrder();
    assert.equal(await received, 'x');
  });

  test('a worker that can take no connection at all is not offered one again and again', async (t) => {
    const pool = await startTraceable(t, ['--workers', '1']);
    const start = Date.now();
    const calls = await trace(t, pool.worker(0), 'accept4', 'accept4:error=ENFILE');
    const socket = await client(pool.tcp);
    await until('tried several times', () => pool.all('refuse').length > 0 && Date.now() - start > 1000);
    const tries = (await calls()).length;
    // One to accept and one to refuse, every 50 ms; a slow machine makes it fewer.
    const maxTries = 2 * ((Date.now() - start) / 50 + 1);
    assert.ok(tries > 2 && tries <= maxTries, `${tries} calls, and not ${maxTries} at most`);
    socket.resume().end('x');
    await pool.stopInOrder();
  });
});
