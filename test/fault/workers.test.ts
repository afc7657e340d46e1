import assert from 'node:assert/strict';
import { suite } from 'node:test';

import { client, deliver } from '../helpers/clients.js';
import { inject, noFaults, startTraceable, trace } from '../helpers/faults.js';
import { halt } from '../helpers/halt.js';
import { childrenOf, isLeft } from '../helpers/processes.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { once } from '../helpers/within.js';

const restarting = ['--on-death', 'restart'];

suite('system calls that fail', { skip: noFaults }, () => {
  for (const [title, fault, sent] of [
    ['', 'pidfd_open:delay_exit=1', /^pidfd_send_signal\(\d+, SIGKILL, NULL, 0\) *= 0$/],
    [' where the kernel has no descriptors of processes', 'pidfd_open:error=ENOSYS', /^kill\(\d+, SIGKILL\) *= 0$/],
  ] as const) {
    test(`a hung worker without a supervisor is killed, and surely nobody else${title}`, async (t) => {
      const pool = await startTraceable(t, ['--workers', '2']);
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

  test('a fork that fails a few times is tried again', async (t) => {
    const pool = await startTraceable(t, [...restarting, '--workers', '1']);
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
    const pool = await startTraceable(t, [
      ...restarting,
      '--workers',
      '3',
      '--handler',
      'echo',
      '--log-level',
      'debug',
    ]);
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
    const pool = await startTraceable(t, [...restarting, '--workers', '2']);
    await inject(t, pool.supervisor, 'clone,fork,vfork,clone3:error=EAGAIN');
    for (const worker of [0, 1]) process.kill(pool.worker(worker), 'SIGKILL');
    assert.deepEqual(await pool.exited, { code: 1, signal: null });
    assert.equal(pool.all('give-up').length, 1);
    assert.equal(pool.all('fail').length, 2, 'once, and how often');
  });

  test('workers that die at their start are given up, and the reason is logged', async (t) => {
    const pool = await startTraceable(t, [...restarting, '--workers', '1']);
    await inject(t, pool.supervisor, 'pipe2:error=EMFILE');
    process.kill(pool.worker(0), 'SIGKILL');
    assert.deepEqual(await pool.exited, { code: 1, signal: null });
    assert.equal(pool.all('give-up').length, 1);
    assert.match(pool.all('fail')[0]!.message, /worker 0: pipe2: too many open files/);
  });

  test('a signal to a worker that is not yet able to handle it waits until it is', async (t) => {
    const pool = await startTraceable(t, [...restarting, '--workers', '1', '--log-level', 'debug']);
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
