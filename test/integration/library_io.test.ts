import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { after } from '../helpers/after.js';
import { deliver, lenientClient } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { ProcessPool, received, startPool } from '../helpers/pool.js';
import { takenPort } from '../helpers/ports.js';
import { descriptorsOf } from '../helpers/processes.js';
import { run } from '../helpers/run.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { once } from '../helpers/within.js';

for (const [title, stop] of [
  ['leaving a loop over the output', undefined],
  ['destroying the output with an error', new Error('of the app')],
] as const) {
  test(`${title} is a stop of the pool, also while clients send`, async () => {
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

test('a port in use and one without permission are Node errors that name option and value', async (t) => {
  const port = await takenPort(t);
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
