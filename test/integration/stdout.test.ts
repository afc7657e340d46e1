import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import { after } from '../helpers/after.js';
import { type Cli, cli, followCli, root, runCli, startCli } from '../helpers/cli.js';
import { client, deliver, lenientClient } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { flagsOf } from '../helpers/processes.js';
import { runBlocked } from '../helpers/run.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { buffer, once } from '../helpers/within.js';

const nonBlocking = 0o4000;
const payload = randomBytes(8 * 2 ** 20);

test('a pipe gets what one client sends, byte for byte', async (t) => {
  const pool = await startCli(t);
  const received = buffer(pool.stdout);
  await deliver(pool.tcp, payload);
  await pool.stopInOrder();
  assert.ok(payload.equals(await received));
});

test('a socket gets it, also from behind a reader that stops reading', async (t) => {
  const path = join(temporaryFolder(t), 'reader');
  const server = createServer({ pauseOnConnect: true }).listen(path);
  await once(server, 'listening');
  const near = connect(path);
  const [far] = (await once(server, 'connection')) as [import('node:net').Socket];
  const child = spawn(
    process.execPath,
    [cli, '--log-format', 'json', '--port', '0', '--workers', '2', '--log-level', 'debug'],
    {
      stdio: ['ignore', near, 'pipe'],
    },
  );
  near.destroy();
  server.close();
  after(t, () => far.destroy());
  const pool = followCli(t, child);
  const delivery = deliver(await pool.port(), payload);
  await pool.logged('stall');
  const received = buffer(far);
  await delivery;
  await pool.stopInOrder();
  assert.ok(payload.equals(await received));
});

test('a plain file gets it behind what it holds, and what another process writes later comes after it', async (t) => {
  const path = join(temporaryFolder(t), 'out');
  const script = `{ echo before; "$0" "$1" --port 0 --log-format json; echo after; } > "$2"`;
  const child = spawn('sh', ['-c', script, process.execPath, cli, path], { stdio: ['ignore', 'ignore', 'pipe'] });
  const pool = followCli(t, child);
  await deliver(await pool.port(), 'data\n');
  process.kill(pool.supervisor, 'SIGTERM');
  assert.equal((await pool.exited).code, 0);
  assert.equal(readFileSync(path, 'utf8'), 'before\ndata\nafter\n');
});

test('a file that another process appends to loses nothing of either', async (t) => {
  const path = join(temporaryFolder(t), 'out');
  const descriptor = openSync(path, 'a');
  const pool = await startCli(t, ['--workers', '2'], { stdout: descriptor });
  await Promise.all([
    deliver(pool.tcp, 'a'.repeat(2 ** 20)),
    deliver(pool.tcp, 'b'.repeat(2 ** 20)),
    once(
      spawn('sh', ['-c', 'for i in $(seq 1000); do echo c; done'], { stdio: ['ignore', descriptor, 'ignore'] }),
      'exit',
    ),
  ]);
  closeSync(descriptor);
  await pool.stopInOrder();
  const text = readFileSync(path, 'latin1');
  for (const [letter, count] of [
    ['a', 2 ** 20],
    ['b', 2 ** 20],
    ['c', 1000],
  ] as const) {
    assert.equal(text.split(letter).length - 1, count, letter);
  }
});

test(
  'a terminal gets it',
  { skip: spawnSync('script', ['--version']).status !== 0 && 'needs script(1)' },
  async (t) => {
    const folder = temporaryFolder(t);
    const command = `stty -opost; exec ${process.execPath} ${cli} --port 0 --log-format json 2> ${folder}/log`;
    const child = spawn('script', ['-qefc', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'pipe'] });
    const received = buffer(child.stdout);
    const log = await until('listening', () => {
      const lines = readLog(`${folder}/log`);
      return lines.some(({ event }) => event === 'listening') ? lines : undefined;
    });
    const { port } = log.find(({ event }) => event === 'listening')!.address!;
    const text = Array.from({ length: 20_000 }, (_, line) => `line ${line}\n`).join('');
    await deliver(port, text);
    process.kill(log[0]!.pid, 'SIGTERM');
    await once(child, 'exit');
    assert.equal((await received).toString().replaceAll('\r\n', '\n'), text);
  },
);

interface LogLine {
  event: string;
  pid: number;
  address?: { port: number };
}

function readLog(path: string): LogLine[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as LogLine);
  } catch {
    return []; // not there yet, or its last line is not whole
  }
}

test('/dev/null takes everything', async (t) => {
  const descriptor = openSync('/dev/null', 'w');
  const pool = await startCli(t, ['--stats-interval', '10ms'], { stdout: descriptor });
  closeSync(descriptor);
  await deliver(pool.tcp, payload);
  await pool.logged('stats', ({ message }) => message.includes(`bytes out ${payload.length}`));
  await pool.stopInOrder();
  assert.deepEqual(pool.all('warning'), []);
});

test('a closed stdout is pointed out, and harms nobody', async (t) => {
  const script = `exec "$0" "$1" --port 0 --log-format json >&-`;
  const child = spawn('sh', ['-c', script, process.execPath, cli], { stdio: ['ignore', 'ignore', 'pipe'] });
  const pool = followCli(t, child);
  await deliver(await pool.port(), payload);
  assert.match((await pool.logged('warning')).message, /stdout is closed/);
  await pool.stopInOrder();
});

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

for (const [what, signal] of [
  ['killed', 'SIGKILL'],
  ['stopped', 'SIGSTOP'],
] as const) {
  test(`a worker that is ${what} while it waits for the reader holds up nobody`, async (t) => {
    const pool = await startCli(t, ['--workers', '2', '--log-level', 'debug']);
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
    const lost = signal === 'SIGKILL';
    assert.deepEqual(await pool.stop(), { code: lost ? 1 : 0, signal: null });
    const bytes = await received;
    assert.equal(bytes.length < 9 * 2 ** 20, lost);
    assert.equal(bytes.filter((byte) => byte === 98).length, 2 ** 20);
  });
}

test('the flags of stdout stay as they are, since the shell and others share them', async (t) => {
  const path = join(temporaryFolder(t), 'fifo');
  spawnSync('mkfifo', [path]);
  const reader = openSync(path, 'r+');
  const writer = openSync(path, 'w');
  const pool = await startCli(t, [], { stdout: writer });
  await deliver(pool.tcp, 'x'.repeat(1000));
  assert.equal(flagsOf(process.pid, writer) & nonBlocking, 0);
  assert.equal(flagsOf(pool.worker(0), 1) & nonBlocking, 0);
  await pool.stopInOrder();
  assert.equal(flagsOf(process.pid, writer) & nonBlocking, 0);
  closeSync(writer);
  closeSync(reader);
});

test('--output appends to a file', async (t) => {
  const path = join(temporaryFolder(t), 'out');
  for (const part of ['one', 'two']) {
    const pool = await startCli(t, ['--output', path]);
    await deliver(pool.tcp, part);
    await pool.stopInOrder();
  }
  assert.equal(readFileSync(path, 'utf8'), 'onetwo');
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
