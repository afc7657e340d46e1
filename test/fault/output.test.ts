import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { suite } from 'node:test';

import { client, deliver, lenientClient } from '../helpers/clients.js';
import { inject, noFaults, startTraceable, trace } from '../helpers/faults.js';
import { temporaryFolder } from '../helpers/files.js';
import { send } from '../helpers/http.js';
import { isLeft } from '../helpers/processes.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { buffer } from '../helpers/within.js';

const payload = randomBytes(2 ** 20);

suite('system calls that fail', { skip: noFaults }, () => {
  for (const [title, fault] of [
    ['an output that does not splice after all', 'splice:error=EINVAL:when=2'],
    ['an output that has no room now and then', 'splice:error=EAGAIN:when=2+3'],
    ['interrupted splices', 'splice:error=EINTR:when=1+2'],
    ['interrupted waits', 'epoll_wait:error=EINTR:when=1+2'],
  ] as const) {
    test(`${title}: nothing is lost`, async (t) => {
      const pool = await startTraceable(t, ['--workers', '1']);
      const received = buffer(pool.stdout);
      const worker = pool.worker(0);
      await inject(t, worker, fault);
      await deliver(pool.tcp, payload);
      await deliver(pool.tcp, payload);
      assert.ok(isLeft(worker), 'the worker lives on');
      await pool.stopInOrder();
      assert.ok(Buffer.concat([payload, payload]).equals(await received));
    });
  }

  for (const [title, fault] of [
    ['an output that does not splice after all', 'splice:error=EINVAL:when=2'],
    ['an output that has no room now and then', 'splice:error=EAGAIN:when=2+3'],
    ['interrupted splices', 'splice:error=EINTR:when=1+2'],
    ['sockets that take no answer at first', 'sendto:error=EAGAIN:when=1+2'],
    ['interrupted answers', 'sendto:error=EINTR:when=1+2'],
    ['sockets that have nothing after all', 'recvfrom:error=EAGAIN:when=1+2'],
  ] as const) {
    test(`${title}: over HTTP everything is answered and delivered`, async (t) => {
      const pool = await startTraceable(t, ['--workers', '1', '--handler', 'http', '--max-body', '8m']);
      const received = buffer(pool.stdout);
      await inject(t, pool.worker(0), fault);
      const large = Buffer.concat(Array<Buffer>(4).fill(payload));
      for (const body of [Buffer.from('small'), payload, large]) assert.equal(await send(pool.tcp, body), 204);
      await pool.stopInOrder();
      assert.ok(Buffer.concat([Buffer.from('small'), payload, large]).equals(await received));
    });
  }

  test('a worker that hangs while it writes to a file holds up nobody', async (t) => {
    const path = join(temporaryFolder(t), 'out');
    const descriptor = openSync(path, 'w');
    const pool = await startTraceable(t, ['--workers', '2', '--log-level', 'debug', '--on-death', 'restart'], {
      stdout: descriptor,
    });
    closeSync(descriptor);
    const goOn = await inject(t, pool.worker(0), 'write:delay_exit=600000000:when=1');
    const clients: Socket[] = [];
    while (clients[0] === undefined || clients[1] === undefined) {
      const socket = await client(pool.tcp);
      const peer = `127.0.0.1:${socket.localPort}`;
      const { worker } = await pool.logged('connect', (entry) => entry.peer === peer);
      if (clients[worker!] === undefined) clients[worker!] = socket;
      else socket.resume().end();
    }
    clients[0].write('hangs ');
    await until('written', () => readFileSync(path, 'latin1') === 'hangs ');
    clients[1].write('once ');
    await until('written', () => readFileSync(path, 'latin1') === 'hangs once ');
    clients[1].write('and again');
    await until('written', () => readFileSync(path, 'latin1') === 'hangs once and again');
    await goOn();
    for (const socket of clients) socket.resume().end();
    await pool.stopInOrder();
  });

  test('the echo handler changes nothing about stdout', async (t) => {
    const pool = await startTraceable(t, ['--workers', '1', '--handler', 'echo', '--on-death', 'restart']);
    const calls = await trace(t, pool.supervisor, 'fcntl,open,openat');
    const before = pool.worker(0);
    process.kill(before, 'SIGKILL');
    await until('replaced', () => pool.worker(0) !== before);
    assert.deepEqual(
      (await calls()).filter((call) => /SETPIPE|fd\/1/.test(call)),
      [],
    );
    await pool.stopInOrder();
  });

  test('a private pipe that may not be enlarged serves as it is', async (t) => {
    const pool = await startTraceable(t, ['--workers', '1', '--on-death', 'restart']);
    const received = buffer(pool.stdout);
    const before = pool.worker(0);
    await inject(t, pool.supervisor, 'fcntl:error=EPERM:when=2+');
    process.kill(before, 'SIGKILL');
    await until('replaced', () => pool.worker(0) !== before);
    await deliver(pool.tcp, payload);
    await pool.stopInOrder();
    assert.ok(payload.equals(await received));
  });

  test('a pipe that can neither be reopened nor spliced to is a broken output', async (t) => {
    const pool = await startTraceable(t, ['--workers', '1', '--on-death', 'restart']);
    const before = pool.worker(0);
    await inject(t, pool.supervisor, 'openat:error=EACCES', 'splice:error=EINVAL');
    process.kill(before, 'SIGKILL');
    await until('replaced', () => pool.worker(0) !== before);
    const socket = await lenientClient(pool.tcp);
    socket.write('x');
    assert.deepEqual(await pool.exited, { code: 1, signal: null });
    assert.equal((await pool.logged('output')).error, 'EINVAL');
  });
});
