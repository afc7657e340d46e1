import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { suite, type TestContext } from 'node:test';

import { type CliSetup, type ReadyCli, startCli as start } from '../helpers/cli.js';
import { client, deliver, lenientClient } from '../helpers/clients.js';
import { inject, noFaults, trace, traceable } from '../helpers/faults.js';
import { temporaryFolder } from '../helpers/files.js';
import { halt } from '../helpers/halt.js';
import { counters, RawClient, send } from '../helpers/http.js';
import { childrenOf, isLeft } from '../helpers/processes.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { buffer, once, text } from '../helpers/within.js';

async function startCli(t: TestContext, args: string[], setup: CliSetup = {}): Promise<ReadyCli> {
  return await start(t, args, { env: traceable, ...setup });
}

const payload = randomBytes(2 ** 20);

suite('system calls that fail', { skip: noFaults }, () => {
  for (const [what, fault] of [
    ['an output that does not splice after all', 'splice:error=EINVAL:when=2'],
    ['an output that has no room now and then', 'splice:error=EAGAIN:when=2+3'],
    ['interrupted splices', 'splice:error=EINTR:when=1+2'],
    ['interrupted waits', 'epoll_wait:error=EINTR:when=1+2'],
  ] as const) {
    test(`${what}: nothing is lost`, async (t) => {
      const pool = await startCli(t, ['--workers', '1']);
      const received = buffer(pool.stdout);
      await inject(t, pool.worker(0), fault);
      await deliver(pool.tcp, payload);
      await deliver(pool.tcp, payload);
      await pool.stopInOrder();
      assert.ok(Buffer.concat([payload, payload]).equals(await received));
    });
  }

  for (const [what, fault] of [
    ['an output that does not splice after all', 'splice:error=EINVAL:when=2'],
    ['an output that has no room now and then', 'splice:error=EAGAIN:when=2+3'],
    ['interrupted splices', 'splice:error=EINTR:when=1+2'],
    ['sockets that take no answer at first', 'sendto:error=EAGAIN:when=1+2'],
    ['interrupted answers', 'sendto:error=EINTR:when=1+2'],
    ['sockets that have nothing after all', 'recvfrom:error=EAGAIN:when=1+2'],
  ] as const) {
    test(`${what}: over HTTP everything is answered and delivered`, async (t) => {
      const pool = await startCli(t, ['--workers', '1', '--handler', 'http', '--max-body', '8m']);
      const received = buffer(pool.stdout);
      await inject(t, pool.worker(0), fault);
      const large = Buffer.concat(Array<Buffer>(4).fill(payload));
      for (const body of [Buffer.from('small'), payload, large]) assert.equal(await send(pool.tcp, body), 204);
      await pool.stopInOrder();
      assert.ok(Buffer.concat([Buffer.from('small'), payload, large]).equals(await received));
    });
  }

  const long = Buffer.alloc(3 * 2 ** 20, 'l');

  for (const [what, fault] of [
    ['no room', 'write:error=ENOSPC'],
    ['no quota', 'write:error=EDQUOT'],
    ['no folder', 'openat,open:error=ENOENT'],
    ['no descriptor', 'openat,open:error=EMFILE'],
  ] as const) {
    test(`there is ${what} for the file of a long body: it stays in memory`, async (t) => {
      const pool = await startCli(t, ['--workers', '1', '--handler', 'http', '--max-body', '8m']);
      const received = buffer(pool.stdout);
      const stop = await inject(t, pool.worker(0), fault);
      // Whole but for its last byte, so that it is not written to stdout yet.
      const one = await RawClient.connect(pool.tcp);
      one.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${long.length}\r\n\r\n`);
      one.write(long.subarray(1));
      await pool.logged('spool');
      await until('read', async () => (await counters(pool.tcp)).bytesIn === long.length - 1);
      await stop();
      one.write('l');
      assert.equal((await one.answer()).status, 204);
      assert.equal(pool.all('spool').length, 1);
      one.socket.end();
      await pool.stopInOrder();
      assert.ok(long.equals(await received));
    });
  }

  test('a file system without O_TMPFILE: files with a name, which is removed at once', async (t) => {
    const folder = temporaryFolder(t);
    const pool = await startCli(t, ['--workers', '1', '--handler', 'http', '--max-body', '8m'], {
      env: { ...traceable, TMPDIR: folder },
    });
    const received = buffer(pool.stdout);
    await inject(t, pool.worker(0), 'openat,open:error=EOPNOTSUPP:when=1');
    assert.equal(await send(pool.tcp, long), 204);
    assert.deepEqual(pool.all('spool'), []);
    assert.deepEqual(readdirSync(folder), []);
    await pool.stopInOrder();
    assert.ok(long.equals(await received));
  });

  test('a long body whose file cannot be read is refused; torn, it is not answered, and ended', async (t) => {
    for (const [when, expected] of [
      ['1', /^next$/],
      ['2+', /^l+\nnext$/],
    ] as const) {
      const pool = await startCli(t, ['--workers', '1', '--handler', 'http', '--max-body', '8m']);
      const received = text(pool.stdout);
      const stop = await inject(t, pool.worker(0), `pread64:error=EIO:when=${when}`);
      const one = await RawClient.connect(pool.tcp);
      one.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${long.length}\r\n\r\n`);
      one.write(long);
      if (when === '1') assert.equal((await one.answer()).status, 503);
      else await pool.logged('torn');
      one.socket.end();
      await one.closed;
      await stop();
      assert.equal(await send(pool.tcp, 'next'), 204);
      assert.equal((await pool.stop()).code, when === '1' ? 0 : 1);
      assert.match(await received, expected);
    }
  });

  test('a worker that is killed while it has the turn to write holds up nobody', async (t) => {
    const pool = await startCli(t, ['--workers', '2', '--handler', 'http', '--max-body', '8m']);
    const writing = await RawClient.connect(pool.tcp);
    writing.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n${'s'.repeat(8_000_000)}`);
    const first = (await once(pool.stdout, 'data')) as [Buffer];
    pool.stdout.pause();
    assert.match(first[0].toString(), /^s+$/);
    process.kill(pool.worker(0), 'SIGKILL');
    await writing.closed;
    const received = text(pool.stdout);
    for (let round = 0; round < 4; round++) assert.equal(await send(pool.tcp, 'next'), 204);
    // Something of its client's is lost, and said so.
    await pool.stop();
    assert.match(await received, /^s*\n(next){4}$/);
  });

  test('a worker that hangs while it writes to a file holds up nobody', async (t) => {
    const path = join(temporaryFolder(t), 'out');
    const descriptor = openSync(path, 'w');
    const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug'], { stdout: descriptor });
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

  for (const [where, fault, sent] of [
    ['', 'pidfd_open:delay_exit=1', /^pidfd_send_signal\(\d+, SIGKILL, NULL, 0\) *= 0$/],
    [' where the kernel has no descriptors of processes', 'pidfd_open:error=ENOSYS', /^kill\(\d+, SIGKILL\) *= 0$/],
  ] as const) {
    test(`a hung worker without a supervisor is killed, and surely nobody else${where}`, async (t) => {
      const pool = await startCli(t, ['--workers', '2']);
      const hung = pool.worker(0);
      await halt(hung);
      const calls = await trace(t, pool.pid, 'pidfd_open,pidfd_send_signal,kill', fault);
      process.kill(pool.supervisor, 'SIGKILL');
      assert.equal((await pool.exited).code, 1);
      const kills = (await calls()).filter((call) => call.includes(', SIGKILL'));
      assert.ok(kills.length > 0);
      for (const kill of kills) assert.match(kill.replace(/^\[pid +\d+\] /, ''), sent);
    });
  }

  test('the echo handler changes nothing about stdout', async (t) => {
    const pool = await startCli(t, ['--workers', '1', '--handler', 'echo']);
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

  for (const error of ['ECONNABORTED', 'EINTR', 'EAGAIN', 'EPROTO']) {
    test(`accept fails with ${error} now and then: every client is served`, async (t) => {
      const pool = await startCli(t, ['--workers', '2']);
      const received = text(pool.stdout);
      for (const worker of [0, 1]) await inject(t, pool.worker(worker), `accept4:error=${error}:when=1+3`);
      for (let round = 0; round < 20; round++) await deliver(pool.tcp, 'x');
      await pool.stopInOrder();
      assert.equal(await received, 'x'.repeat(20));
    });
  }

  test('no descriptor is left in the whole system: clients wait, and are served when there is one again', async (t) => {
    const pool = await startCli(t, ['--workers', '2']);
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
    const pool = await startCli(t, ['--workers', '1', '--log-level', 'debug']);
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

  test('a fork that fails a few times is tried again', async (t) => {
    const pool = await startCli(t, ['--workers', '1']);
    pool.stdout.resume();
    const before = pool.worker(0);
    await inject(t, pool.supervisor, 'clone,fork,vfork,clone3:error=EAGAIN:when=1..3');
    process.kill(before, 'SIGKILL');
    await pool.logged('fail', ({ message }) => message.endsWith('3 times'));
    assert.deepEqual(
      pool.all('fail').map(({ message }) => message),
      [
        'worker 0: fork: resource temporarily unavailable',
        'supervisor: fork: resource temporarily unavailable, 3 times',
      ],
    );
    await deliver(pool.tcp, 'x');
    await pool.stopInOrder();
  });

  test('as long as one worker runs the pool serves on, though no other can be started', async (t) => {
    const pool = await startCli(t, ['--workers', '3', '--handler', 'echo', '--log-level', 'debug']);
    const stop = await inject(t, pool.supervisor, 'clone,fork,vfork,clone3:error=EAGAIN');
    for (const worker of [0, 2]) process.kill(pool.worker(worker), 'SIGKILL');
    const { message } = await pool.logged('shortage');
    assert.equal(message, 'only 1 of 3 workers can be started; still trying');
    for (let round = 0; round < 4; round++) {
      const socket = await client(pool.tcp);
      socket.write('served');
      assert.equal(String((await once(socket, 'data'))[0]), 'served');
      socket.destroy();
    }
    assert.equal(pool.all('fail').length, 1);
    await stop();
    await until('replaced', () => pool.all('size').at(-1)?.message === '3 of 3 workers ready');
    assert.match(pool.all('fail')[1]!.message, /^supervisor: fork: .*, \d+ times$/);
    assert.equal(pool.all('shortage').length, 1);
    await pool.stopInOrder();
  });

  test('a pool none of whose workers can be started any more ends', async (t) => {
    const pool = await startCli(t, ['--workers', '2']);
    await inject(t, pool.supervisor, 'clone,fork,vfork,clone3:error=EAGAIN');
    for (const worker of [0, 1]) process.kill(pool.worker(worker), 'SIGKILL');
    assert.deepEqual(await pool.exited, { code: 1, signal: null });
    assert.equal(pool.all('give-up').length, 1);
    assert.equal(pool.all('fail').length, 2, 'once, and how often');
  });

  test('workers that die at their start are given up, and the reason is logged', async (t) => {
    const pool = await startCli(t, ['--workers', '1']);
    await inject(t, pool.supervisor, 'pipe2:error=EMFILE');
    process.kill(pool.worker(0), 'SIGKILL');
    assert.deepEqual(await pool.exited, { code: 1, signal: null });
    assert.equal(pool.all('give-up').length, 1);
    assert.match(pool.all('fail')[0]!.message, /worker 0: pipe2: too many open files/);
  });

  test('a private pipe that may not be enlarged serves as it is', async (t) => {
    const pool = await startCli(t, ['--workers', '1']);
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
    const pool = await startCli(t, ['--workers', '1']);
    const before = pool.worker(0);
    await inject(t, pool.supervisor, 'openat:error=EACCES', 'splice:error=EINVAL');
    process.kill(before, 'SIGKILL');
    await until('replaced', () => pool.worker(0) !== before);
    const socket = await lenientClient(pool.tcp);
    socket.write('x');
    assert.deepEqual(await pool.exited, { code: 1, signal: null });
    assert.equal((await pool.logged('output')).error, 'EINVAL');
  });

  test('a worker that can take no connection at all is not offered one again and again', async (t) => {
    const pool = await startCli(t, ['--workers', '1']);
    const start = Date.now();
    const calls = await trace(t, pool.worker(0), 'accept4', 'accept4:error=ENFILE');
    const socket = await client(pool.tcp);
    await until('tried several times', () => pool.all('refuse').length > 0 && Date.now() - start > 1000);
    const tries = (await calls()).length;
    // One to accept and one to refuse, every 50 ms; a slow machine makes it fewer.
    const most = 2 * ((Date.now() - start) / 50 + 1);
    assert.ok(tries > 2 && tries <= most, `${tries} calls, and not ${most} at most`);
    socket.resume().end('x');
    await pool.stopInOrder();
  });

  test('a signal to a worker that is not yet able to handle it waits until it is', async (t) => {
    const pool = await startCli(t, ['--workers', '1', '--log-level', 'debug']);
    const before = pool.worker(0);
    await inject(t, pool.supervisor, 'close_range,prctl,socketpair,rt_sigaction:delay_enter=20000');
    process.kill(before, 'SIGKILL');
    const next = await until('a worker', () =>
      childrenOf(pool.supervisor).find((pid) => pid !== before && isLeft(pid)),
    );
    process.kill(next, 'SIGTERM');
    const exit = await pool.logged('exit', ({ pid }) => pid === next);
    assert.deepEqual([exit.code, exit.signal], [0, undefined]);
  });
});
