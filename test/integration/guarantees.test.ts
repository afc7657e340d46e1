import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import { type Cli, type Entry } from '../helpers/cli.js';
import { noMounts, smallDisk } from '../helpers/disk.js';
import { temporaryFolder } from '../helpers/files.js';
import { bodyOf, Posters } from '../helpers/posters.js';
import { checkOrder, Sender } from '../helpers/sender.js';
import { files, readByOthers, type TargetKind, targets } from '../helpers/target.js';
import { endAll, mebibyte, run, start, type StartOptions, sum, undelivered } from '../helpers/target_load.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { buffer, once } from '../helpers/within.js';

// Each line of the table in docs/guarantees.md, for each kind of output.

for (const kind of targets) {
  test(`${kind}: a worker that is killed under load takes only its own clients with it, who notice`, async (t) => {
    const { pool, target, port, senders } = await run(t, kind, { onDeath: 'restart' });
    target.read();
    const accepted = (): Entry[] => pool.all('connect');
    await until('all accepted', () => accepted().length === senders.length);
    // A worker that gets no time while the others do may have none of them.
    while (new Set(accepted().map(({ worker }) => worker)).size < 2) {
      senders.push(await Sender.connect(senders.length, port));
      await until('accepted', () => accepted().length === senders.length);
    }
    const pouring = senders.map((sender) => sender.pour());
    await until('bytes flow', () => senders.every(({ handedOver }) => handedOver > mebibyte / 4));
    const victim = accepted()[0]!.pid;
    process.kill(victim, 'SIGKILL');
    await pool.logged('exit', ({ pid, signal }) => pid === victim && signal === 'SIGKILL');
    await until('its clients notice', () => senders.some(({ broken }) => broken));
    await endAll(senders, pouring);
    await until('all connections have ended', () => senders.every(({ cutOff }) => cutOff));
    const exit = await pool.stop();
    const delivered = await checkOrder(senders, target.content());
    const intact = senders.filter(({ broken }) => !broken);
    assert.ok(intact.length > 0);
    for (const { index, handedOver } of intact) assert.equal(delivered[index], handedOver, `client ${index}`);
    assert.deepEqual(exit, { code: undelivered(pool) > 0 ? 1 : 0, signal: null });
  });

  test(`${kind}: what is not delivered after a second signal is counted`, async (t) => {
    const { pool, target, senders } = await run(t, kind);
    const pouring = senders.map((sender) => sender.pour());
    await until('bytes flow', () => senders.some(({ handedOver }) => handedOver > mebibyte / 4));
    const waits = kind !== 'file' && kind !== 'append';
    if (waits) await pool.logged('stall');
    const acknowledgedBytes = sum(senders.map(({ acknowledged }) => acknowledged));
    pool.child.kill('SIGTERM');
    await pool.logged('drain');
    pool.child.kill('SIGTERM');
    const exit = await pool.exited;
    target.read();
    await endAll(senders, pouring);
    const delivered = sum(await checkOrder(senders, target.content()));
    const lost = undelivered(pool);
    assert.deepEqual(exit, { code: lost > 0 ? 1 : 0, signal: null });
    if (waits) assert.ok(lost > 0);
    assert.ok(
      delivered + lost >= acknowledgedBytes,
      `${acknowledgedBytes} bytes were acknowledged, ${delivered} came, ${lost} are said to be lost`,
    );
  });

  for (const victim of ['supervisor', 'host'] as const) {
    test(`${kind}: what clients had sent comes out when the ${victim} is killed`, async (t) => {
      const { pool, target, senders } = await run(t, kind);
      target.read();
      await Promise.all(senders.map((sender) => sender.write(1024)));
      await until('acknowledged', () => senders.every((sender) => sender.acknowledged === sender.handedOver));
      process.kill(victim === 'host' ? pool.pid : pool.supervisor, 'SIGKILL');
      const exit = await pool.exited;
      await pool.assertGone();
      const delivered = await checkOrder(senders, target.content());
      assert.deepEqual(
        delivered,
        senders.map(() => 4096),
      );
      if (victim === 'host') return;
      assert.deepEqual(exit, { code: 1, signal: null });
      assert.deepEqual(pool.complaints, ['procpool-native: the supervisor was killed by SIGKILL']);
    });

    test(`${kind}: what comes out is in order when the ${victim} is killed under load`, async (t) => {
      const { pool, target, senders } = await run(t, kind);
      target.read();
      const pouring = senders.map((sender) => sender.pour());
      await until('bytes flow', () => senders.every(({ handedOver }) => handedOver > mebibyte / 4));
      process.kill(victim === 'host' ? pool.pid : pool.supervisor, 'SIGKILL');
      await pool.assertGone();
      await endAll(senders, pouring);
      assert.ok(sum(await checkOrder(senders, target.content())) > 0);
    });
  }
}

for (const kind of readByOthers) {
  for (const reads of [true, false]) {
    const reader = reads ? 'a reader that goes away' : 'a reader that stops and goes away';
    test(`${kind}: ${reader} under load ends the pool with one line and 1`, async (t) => {
      const { pool, target, senders } = await run(t, kind);
      if (reads) target.read();
      const pouring = senders.map((sender) => sender.pour());
      if (reads) await until('bytes flow', () => senders.every(({ handedOver }) => handedOver > mebibyte / 4));
      else await pool.logged('stall');
      target.leave();
      assert.deepEqual(await pool.exited, { code: 1, signal: null });
      assert.equal(pool.all('output').length, 1);
      // A terminal says so to who writes, and hangs up.
      assert.match(pool.all('output')[0]!.error ?? '', kind === 'terminal' ? /^(EIO|EPIPE)$/ : /^EPIPE$/);
      // The workers of a reader that kept up may have had nothing in hand.
      if (!reads) assert.ok(undelivered(pool) > 0);
      assert.deepEqual(pool.complaints, []);
      await endAll(senders, pouring);
    });
  }
}

type End = (pool: Cli, posters: Posters) => Promise<unknown>;

const killWorkers: End = async (pool, posters) => {
  for (const number of [0, 1, 2]) {
    const victim = pool.worker(number);
    process.kill(victim, 'SIGKILL');
    await pool.logged('exit', ({ pid }) => pid === victim);
    await posters.awaitAnswers(50);
  }
  await posters.end();
  return await pool.stop();
};

const ends: [title: string, end: End, onDeath?: 'restart'][] = [
  ['workers are killed', killWorkers],
  ['workers are killed, and others started', killWorkers, 'restart'],
  [
    'there is a second signal',
    async (pool) => {
      pool.child.kill('SIGTERM');
      await pool.logged('drain');
      pool.child.kill('SIGTERM');
    },
  ],
  ['the supervisor is killed', (pool) => Promise.resolve(process.kill(pool.supervisor, 'SIGKILL'))],
  ['the host is killed', (pool) => Promise.resolve(pool.child.kill('SIGKILL'))],
];

for (const kind of targets) {
  for (const [title, end, onDeath] of ends) {
    test(`${kind}, over HTTP: every body that was answered is there, and whole, when ${title}`, async (t) => {
      const { pool, target, port } = await start(t, kind, { handler: 'http', onDeath });
      target.read();
      const posters = new Posters(port);
      await posters.awaitAnswers(100);
      await end(pool, posters);
      await pool.assertGone();
      await posters.end();
      const content = await buffer(target.content());
      for (const number of posters.answered) assert.ok(content.includes(bodyOf(number)), `body ${number}`);
    });
  }
}

for (const kind of files) {
  test(`${kind}, over HTTP: what a full disk does not take is not answered`, { skip: noMounts }, async (t) => {
    const { pool, target, port } = await start(t, kind, { handler: 'http', folder: await smallDisk(t, '1m') });
    const posters = new Posters(port);
    assert.deepEqual(await pool.exited, { code: 1, signal: null });
    await posters.end();
    assert.ok(posters.answered.size > 0);
    const content = await buffer(target.content());
    for (const number of posters.answered) assert.ok(content.includes(bodyOf(number)), `body ${number}`);
  });
}

async function endsAtLimit(t: TestContext, kind: TargetKind, options: StartOptions, error: string): Promise<void> {
  const { pool, target, senders } = await run(t, kind, options);
  const pouring = senders.map((sender) => sender.pour());
  assert.deepEqual(await pool.exited, { code: 1, signal: null });
  assert.deepEqual(
    pool.all('output').map((entry) => entry.error),
    [error],
  );
  assert.ok(undelivered(pool) > 0);
  assert.deepEqual(pool.complaints, []);
  await endAll(senders, pouring);
  assert.equal(sum(await checkOrder(senders, target.content())), mebibyte);
}

for (const kind of files) {
  test(`${kind}: a full disk ends the pool with one line and 1; what lies there is in order`, { skip: noMounts }, (t) =>
    smallDisk(t, '1m').then((folder) => endsAtLimit(t, kind, { folder }, 'ENOSPC')),
  );

  test(`${kind}: so does a file that has its largest size`, (t) =>
    endsAtLimit(t, kind, { wrapper: ['prlimit', `--fsize=${mebibyte}`] }, 'EFBIG'));
}

for (const [call, changed] of [
  ['sendfile', true],
  ['send', false],
] as const) {
  const effect = changed ? 'changes what is not read yet' : 'changes nothing';
  test(`pipe: a client here that sent a file with ${call}, and writes it anew, ${effect}`, async (t) => {
    const { pool, target, port } = await start(t, 'pipe');
    const script = `
import os, socket, sys
port, path = int(sys.argv[1]), sys.argv[2]
file = open(path, 'r+b')
client = socket.create_connection(('127.0.0.1', port))
if sys.argv[3] == 'sendfile': client.sendfile(file)
else: client.sendall(file.read())
file.seek(0)
file.write(b'B' * os.path.getsize(path))
file.flush()
`;
    const size = 384 * 1024; // more than the first read takes, which is a copy
    const path = join(temporaryFolder(t), 'sent');
    writeFileSync(path, 'A'.repeat(size));
    const sender = spawn('python3', ['-c', script, String(port), path, call], { stdio: 'inherit' });
    assert.deepEqual(await once(sender, 'exit'), [0, null]);
    target.read();
    await pool.stopInOrder();
    const content = await buffer(target.content());
    assert.equal(content.length, size);
    assert.equal(content.includes('B'), changed);
  });
}
