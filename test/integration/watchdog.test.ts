import assert from 'node:assert/strict';

import { client, deliver, write } from '../helpers/clients.js';
import { blockedWorker, startCli } from '../helpers/cli.js';
import { post, RawClient } from '../helpers/http.js';
import { test } from '../helpers/test.js';
import { once, text } from '../helpers/within.js';

test('a worker that is stopped is killed after the worker timeout, and its clients only wait', async (t) => {
  const pool = await startCli(t, ['--workers', '1', '--worker-timeout', '500ms']);
  const output = text(pool.stdout);
  const socket = await client(pool.tcp);
  await write(socket, 'before ');
  const worker = pool.worker(0);
  process.kill(worker, 'SIGSTOP');
  await write(socket, 'meanwhile ');
  const { message, pid } = await pool.logged('hang');
  assert.equal(message, 'worker 0 makes no progress within 500 ms: killed');
  assert.equal(pid, worker);
  await pool.logged('takeover');
  socket.end('after');
  socket.resume();
  await once(socket, 'close');
  await pool.stopInOrder();
  assert.equal(await output, 'before meanwhile after');
});

test('a worker that has nothing to do, and one that is continued in time, are left alone', async (t) => {
  const pool = await startCli(t, ['--workers', '1', '--worker-timeout', '200ms', '--log-level', 'debug']);
  pool.stdout.resume();
  const worker = pool.worker(0);
  for (let round = 0; round < 5; round++) {
    process.kill(worker, 'SIGSTOP');
    process.kill(worker, 'SIGCONT');
    await deliver(pool.tcp, 'x');
    await new Promise((resolve) => setTimeout(resolve, 100)); // more than the time-out together
  }
  assert.equal(pool.all('hang').length, 0);
  await pool.stopInOrder();
});

test('a stopped worker that has the output to itself holds up its siblings for half a second only', async (t) => {
  const pool = await startCli(t, [
    '--workers',
    '2',
    '--handler',
    'http',
    '--worker-timeout',
    '10m',
    '--max-body',
    '8m',
  ]);
  const holder = await RawClient.connect(pool.tcp);
  holder.write(post('x'.repeat(2 ** 21)));
  const { worker } = await blockedWorker(pool);
  process.kill(pool.worker(worker), 'SIGSTOP');
  const others = await Promise.all([RawClient.connect(pool.tcp), RawClient.connect(pool.tcp)]);
  for (const other of others) other.write(post('y'));
  assert.equal((await pool.logged('hang')).worker, worker);
  const output = text(pool.stdout);
  const answers = await Promise.all(
    others.map((other) => Promise.race([other.answer(), other.closed.then(() => undefined)])),
  );
  // Those that had not reached the stopped worker.
  assert.ok(answers.some((answer) => answer?.status === 204));
  for (const other of others) other.socket.destroy();
  await pool.stopInOrder();
  assert.match(await output, /^x{2097152}y+$/);
});
