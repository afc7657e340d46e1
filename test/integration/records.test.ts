import assert from 'node:assert/strict';
import { join } from 'node:path';

import { type LogEntry, ProcessPool } from '../../dist/index.js';
import { after } from '../helpers/after.js';
import { deliver } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { record } from '../helpers/records.js';
import { runBlocked } from '../helpers/run.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { addon } from '../native/addon.js';

/** Takes the log channel, the only seqpacket socket, from the process of the first argument, and sends the others. */
const intruder = `
import ctypes, os, socket, sys
pid = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
pidfd = os.pidfd_open(pid)
for fd in map(int, os.listdir(f"/proc/{pid}/fd")):
    copy = libc.syscall(438, pidfd, fd, 0)  # pidfd_getfd
    if copy < 0:
        sys.exit(77)
    try:
        end = socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        continue
    if end.type & 0xF == socket.SOCK_SEQPACKET:
        for message in sys.argv[2:]:
            end.send(bytes.fromhex(message))
        sys.exit(0)
sys.exit(1)
`;

test('what a worker that was taken over writes to the log channel is refused and counted, and harms nobody', async (t) => {
  const entries: LogEntry[] = [];
  const told: string[] = [];
  const pool = new ProcessPool({
    port: 0,
    host: '127.0.0.1',
    workers: 2,
    output: join(temporaryFolder(t), 'out'),
    logLevel: 'debug',
    log: (entry) => entries.push(entry),
  });
  await pool.start();
  after(t, () => pool.stop());
  for (const name of ['listening', 'worker:start', 'worker:exit', 'error', 'close'] as const) {
    pool.on(name, () => told.push(name));
  }

  const endless = record('fail');
  endless.fill('x', addon.recordLayout.call, addon.recordLayout.call + 16);
  const garbage = [
    Buffer.alloc(addon.recordLayout.size, 0xff),
    Buffer.alloc(0),
    Buffer.from('short'),
    Buffer.concat([record('connect'), Buffer.of(0)]),
    record('connect', { event: 200 }),
    record('connect', { level: 200 }),
    record('close', { error: -(2 ** 31) }),
    record('timeout', { value: 7 }),
    record('exit', { value: 9 }),
    record('listening'),
    record('give-up'),
    record('done'),
    endless,
  ].map((bytes) => bytes.toString('hex'));
  const good = record('connect', { pid: 4711 }).toString('hex');
  const { pid } = pool.stats().workers[0]!;
  const { status, stderr } = runBlocked('python3', ['-c', intruder, String(pid), ...garbage, good]);
  if (status === 77) {
    t.skip('needs pidfd_getfd(2) and its permission');
    return;
  }
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });

  await until('the last one logged', () => entries.find((entry) => entry.pid === 4711));
  assert.equal(pool.stats().total.logDropped, garbage.length);
  assert.deepEqual(told, []);
  const { port } = pool.address() as { port: number };
  await deliver(port, 'goes on');
  await until('still logged', () => entries.find(({ event, bytes }) => event === 'close' && bytes === 7));
  assert.ok(entries.every(({ message }) => !message.includes('undefined')));
});
