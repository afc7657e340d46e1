import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import { cli, type Cli, followCli, root, runCli, startCli } from '../helpers/cli.js';
import { client, lenientClient } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { runBlocked } from '../helpers/run.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { buffer, once } from '../helpers/within.js';

test('a full disk ends the pool with one clear line and status 1', async (t) => {
  const descriptor = openSync('/dev/full', 'w');
  const pool = await startCli(t, [], { stdout: descriptor });
  closeSync(descriptor);
  const socket = await lenientClient(pool.tcp);
  socket.write('lost');
  assert.deepEqual(await pool.exited, { code: 1, signal: null });
  assert.deepEqual(
    pool.all('output').map(({ error }) => error),
    ['ENOSPC'],
  );
  assert.deepEqual(
    pool.all('undelivered').map(({ bytes }) => bytes),
    [4],
  );
  assert.deepEqual(pool.complaints, []);
});

test('a reader that goes away ends the pool with one clear line and status 1', async (t) => {
  const pool = await startCli(t, ['--workers', '3']);
  const socket = await lenientClient(pool.tcp);
  const sending = setInterval(() => socket.write('x'.repeat(1000)), 1);
  socket.on('close', () => {
    clearInterval(sending);
  });
  await once(pool.stdout, 'data');
  pool.stdout.destroy();
  assert.deepEqual(await pool.exited, { code: 1, signal: null });
  assert.equal(pool.all('output').length, 1);
  assert.match(pool.all('output')[0]!.message, /reader of the output has gone \(EPIPE\)/);
  assert.deepEqual(pool.complaints, []);
});

test('a reader that goes away is noticed by an idle pool too', async (t) => {
  const pool = await startCli(t);
  pool.stdout.destroy();
  assert.deepEqual(await pool.exited, { code: 1, signal: null });
  assert.equal(pool.all('output').length, 1);
});

for (const [title, signal, plan] of [
  ['killed', 'SIGKILL', 'restart'],
  ['killed and taken over', 'SIGKILL', 'takeover'],
  ['stopped', 'SIGSTOP', 'takeover'],
] as const) {
  test(`a worker that is ${title} while it waits for the reader holds up nobody`, async (t) => {
    const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug', '--on-death', plan]);
    const [held, other] = [await client(pool.tcp), await client(pool.tcp)];
    held.on('error', () => undefined).resume();
    held.end('a'.repeat(8 * 2 ** 20));
    const holder = (await pool.logged('stall')).pid;
    process.kill(holder, signal);
    const received = buffer(pool.stdout);
    const visits = setInterval(() => {
      connect(pool.tcp, '127.0.0.1')
        .on('error', () => undefined)
        .resume()
        .end();
    }, 50);
    other.resume().end('b'.repeat(2 ** 20));
    await once(other, 'close');
    clearInterval(visits);
    if (signal === 'SIGSTOP') process.kill(holder, 'SIGCONT');
    await until('the one that was held up is gone too', () => held.closed);
    const lost = plan === 'restart';
    assert.deepEqual(await pool.stop(), { code: lost ? 1 : 0, signal: null });
    const bytes = await received;
    assert.equal(bytes.length < 9 * 2 ** 20, lost);
    if (!lost) assert.equal(bytes.length, 9 * 2 ** 20);
    assert.equal(bytes.filter((byte) => byte === 98).length, 2 ** 20);
  });
}

/** The command with RLIMIT_FSIZE at so many bytes. */
function runLimited(t: TestContext, bytes: number, args: string[]): Cli {
  const command = [`--fsize=${bytes}`, process.execPath, cli, '--port', '0', '--log-format', 'json', ...args];
  const child = spawn('prlimit', command, { stdio: ['ignore', 'ignore', 'pipe'] });
  return followCli(t, child);
}

test('a file that reaches RLIMIT_FSIZE ends the pool with a line that names the limit', async (t) => {
  const path = join(temporaryFolder(t), 'out');
  const limit = 2 ** 20;
  const pool = runLimited(t, limit, ['--output', path, '--workers', '2']);
  const socket = await lenientClient(await pool.port());
  socket.write('x'.repeat(limit + 5));
  assert.deepEqual(await pool.exited, { code: 1, signal: null });
  const { message, error } = pool.all('output')[0]!;
  assert.equal(error, 'EFBIG');
  assert.equal(message, 'the output is as large as RLIMIT_FSIZE (ulimit -f) lets a file be, 1048576 bytes (EFBIG)');
  assert.deepEqual(
    pool.all('undelivered').map(({ bytes }) => bytes),
    [5],
  );
  assert.equal(readFileSync(path, 'utf8'), 'x'.repeat(limit));
});

test('an RLIMIT_FSIZE below the size of the shared counters is named at the start', async (t) => {
  const pool = runLimited(t, 4096, []);
  assert.equal((await pool.exited).code, 1);
  assert.deepEqual(pool.complaints, [
    'procpool-native: the supervisor cannot be started: memfd_create EFBIG: RLIMIT_FSIZE (ulimit -f) is 4096 bytes',
  ]);
});

test('an output that cannot be opened is named with its value', async (t) => {
  const pool = runCli(t, ['--port', '0', '--output', `${root}/no/such/folder/out`]);
  assert.equal((await pool.exited).code, 1);
  assert.equal(pool.complaints.length, 1);
  assert.match(pool.complaints[0]!, /ENOENT.*option "--output": ".*\/no\/such\/folder\/out"/);
});

for (const [kind, type] of [
  ['datagram', 'SOCK_DGRAM'],
  ['seqpacket', 'SOCK_SEQPACKET'],
] as const) {
  test(`a ${kind} socket is refused as stdout in one line, since bytes are no messages`, () => {
    const script = `import socket, subprocess, sys
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.${type})
sys.exit(subprocess.run(sys.argv[1:], stdout=theirs, timeout=60).returncode)`;
    const command = ['-c', script, process.execPath, cli, '--port', '0'];
    const { status, stderr } = runBlocked('python3', command);
    const reason = `stdout is a ${kind} socket, which takes messages and no stream (option "--output": "inherit")`;
    assert.deepEqual({ status, stderr }, { status: 1, stderr: `procpool-native: ${reason}\n` });
  });
}
