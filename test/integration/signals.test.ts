import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { after } from '../helpers/after.js';
import { type Cli, cli, type Entry, runCli, startCli } from '../helpers/cli.js';
import { deliver, lenientClient } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { statOf } from '../helpers/processes.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { text } from '../helpers/within.js';

/** To the command alone, or as a terminal, timeout(1) or systemd sends it. */
const receivers: [name: string, kill: (pool: Cli, signal: NodeJS.Signals) => void][] = [
  ['the command', (pool, signal) => process.kill(pool.pid, signal)],
  ['the process group', (pool, signal) => process.kill(-pool.pid, signal)],
];

for (const [receiver, kill] of receivers) {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
    test(`${signal} to ${receiver} stops the pool in order`, async (t) => {
      const pool = await startCli(t, ['--workers', '2'], { detached: true });
      const received = text(pool.stdout);
      await deliver(pool.tcp, 'sent before');
      kill(pool, signal);
      assert.deepEqual(await pool.exited, { code: 0, signal: null });
      assert.equal(await received, 'sent before');
      assert.equal(pool.all('done').length, 1);
    });
  }

  test(`SIGUSR2 to ${receiver} replaces the workers, once`, async (t) => {
    const pool = await startCli(t, ['--workers', '2'], { detached: true });
    pool.stdout.resume();
    const before = [pool.worker(0), pool.worker(1)];
    kill(pool, 'SIGUSR2');
    await pool.logged('recycled');
    await deliver(pool.tcp, 'goes on');
    assert.ok(![pool.worker(0), pool.worker(1)].some((pid) => before.includes(pid)));
    await pool.stopInOrder();
    assert.equal(pool.all('takeover').length, 2);
  });

  for (const signal of ['SIGHUP', 'SIGALRM'] as const) {
    test(`${signal} to ${receiver} is ignored with a line`, async (t) => {
      const pool = await startCli(t, ['--workers', '2'], { detached: true });
      pool.stdout.resume();
      const processes = [pool.supervisor, pool.worker(0), pool.worker(1)];
      kill(pool, signal);
      const { message, level } = await pool.logged('signal');
      assert.deepEqual([message, level], [`ignored ${signal}`, 'warn']);
      await deliver(pool.tcp, 'goes on');
      assert.deepEqual([pool.supervisor, pool.worker(0), pool.worker(1)], processes);
      await pool.stopInOrder();
      assert.deepEqual(pool.all('exit'), []);
    });
  }

  test(`SIGUSR1 to ${receiver} logs the counters and opens no inspector`, async (t) => {
    const pool = await startCli(t, ['--workers', '2'], { detached: true });
    pool.stdout.resume();
    const processes = [pool.supervisor, pool.worker(0), pool.worker(1)];
    await deliver(pool.tcp, 'twelve bytes');
    kill(pool, 'SIGUSR1');
    assert.match((await pool.logged('stats')).message, /^accepted 1, .*bytes in 12/);
    assert.deepEqual([pool.supervisor, pool.worker(0), pool.worker(1)], processes);
    await pool.stopInOrder();
    assert.deepEqual(pool.complaints, []);
  });
}

test('SIGHUP opens the output file anew, with nothing lost between the two, and says why if it cannot', async (t) => {
  const path = join(temporaryFolder(t), 'out');
  const pool = await startCli(t, ['--workers', '4', '--output', path], { detached: true });
  await deliver(pool.tcp, 'before');
  renameSync(path, `${path}.1`);
  process.kill(-pool.pid, 'SIGHUP');
  await pool.logged('reopened');
  await deliver(pool.tcp, 'after');
  renameSync(path, `${path}.2`);
  mkdirSync(path);
  process.kill(pool.pid, 'SIGHUP');
  const { message } = await pool.logged('warning');
  assert.match(message, /^output not reopened: option "--output" must name a plain file/);
  await deliver(pool.tcp, ' and on');
  await pool.stopInOrder();
  assert.deepEqual(
    [readFileSync(`${path}.1`, 'latin1'), readFileSync(`${path}.2`, 'latin1')],
    ['before', 'after and on'],
  );
});

test('a process group that gets SIGHUP, SIGUSR1 and others while the pool starts keeps its supervisor', async (t) => {
  const pool = runCli(t, ['--port', '0', '--host', '127.0.0.1', '--workers', '8'], { detached: true });
  // From when Node has handed over to the command: before, they are Node's.
  await until('the supervisor', () => pool.supervisor !== 0);
  for (let round = 0; round < 50; round++) {
    for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const) process.kill(-pool.pid, signal);
  }
  await pool.port();
  await pool.stopInOrder();
  assert.deepEqual(pool.complaints, []);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
  test(`${signal} to the command and to its group, as timeout(1) sends it, counts once`, async (t) => {
    const pool = await startCli(t, ['--drain-timeout', '10m', '--log-level', 'debug'], { detached: true });
    const socket = await lenientClient(pool.tcp);
    const size = 2 ** 23;
    socket.end(Buffer.alloc(size, 'x'));
    await pool.logged('stall');
    process.kill(pool.pid, signal);
    process.kill(-pool.pid, signal);
    await pool.logged('drain');
    const received = text(pool.stdout);
    assert.deepEqual(await pool.exited, { code: 0, signal: null });
    const { length } = await received;
    assert.ok(length > 2 ** 18 && length <= size, String(length));
    assert.deepEqual(pool.all('expire'), []);
  });
}

for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const) {
  test(`${signal} in the last moments changes nothing about the status`, async (t) => {
    for (let round = 0; round < 5; round++) {
      const pool = await startCli(t, ['--workers', '1']);
      pool.stdout.resume();
      pool.note();
      pool.child.kill('SIGTERM');
      await pool.logged('done');
      const sending = setInterval(() => pool.child.kill(signal), 1);
      const exit = await pool.exited;
      clearInterval(sending);
      assert.deepEqual(exit, { code: 0, signal: null });
    }
  });
}

test('nohup protects the pool', async (t) => {
  const folder = temporaryFolder(t);
  const log = join(folder, 'log');
  const script = `exec nohup "$0" "$1" --port 0 --host 127.0.0.1 --log-format json > "$2" 2> "$3"`;
  const child = spawn('sh', ['-c', script, process.execPath, cli, join(folder, 'out'), log], { stdio: 'ignore' });
  after(t, () => child.kill('SIGKILL'));
  await until('listening', () => entriesOf(log).some(({ event }) => event === 'listening'));
  child.kill('SIGHUP');
  await until('ignored', () => entriesOf(log).some(({ signal }) => signal === 'SIGHUP'));
  child.kill('SIGTERM');
  await until('ended', () => child.exitCode !== null);
  assert.equal(child.exitCode, 0);
});

function entriesOf(path: string): Entry[] {
  try {
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Entry);
  } catch {
    return []; // not there yet
  }
}

test(
  'SIGHUP where stderr is a terminal is a stop, and more of them are the same one',
  { skip: spawnSync('script', ['--version']).status !== 0 && 'needs script(1)' },
  async (t) => {
    const fifo = join(temporaryFolder(t), 'fifo');
    spawnSync('mkfifo', [fifo]);
    const reader = openSync(fifo, 'r+');
    after(t, () => {
      closeSync(reader);
    });
    const command = `exec ${process.execPath} ${cli} --port 0 --host 127.0.0.1 --log-format json --log-level debug --drain-timeout 10m > ${fifo}`;
    const child = spawn('script', ['-qefc', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
    after(t, () => child.kill('SIGKILL'));
    const entries: Entry[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{')) entries.push(JSON.parse(line) as Entry);
    });
    const logged = (event: string): Promise<Entry> =>
      until(`${event} in ${JSON.stringify(entries)}`, () => entries.find((entry) => entry.event === event));

    const { address, pid: supervisor } = await logged('listening');
    const host = statOf(supervisor)!.parent;
    const socket = await lenientClient((address as { port: number }).port);
    socket.write(Buffer.alloc(2 ** 23));
    await logged('stall');
    process.kill(host, 'SIGHUP');
    await logged('drain');
    process.kill(host, 'SIGHUP');
    process.kill(host, 'SIGUSR1');
    await logged('stats'); // comes after the second
    spawn('cat', [fifo], { stdio: 'ignore' }); // ends with `reader`
    await until('ended', () => child.exitCode !== null);
    assert.equal(child.exitCode, 0);
    assert.ok(!entries.some(({ event }) => event === 'expire'));
  },
);
