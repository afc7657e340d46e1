import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

import { after } from '../helpers/after.js';
import { cli, followCli, startCli } from '../helpers/cli.js';
import { deliver } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { flagsOf } from '../helpers/processes.js';
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
