import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import { temporaryFolder } from '../helpers/files.js';
import { checkOrder } from '../helpers/sender.js';
import { type TargetKind, targets } from '../helpers/target.js';
import { count, endAll, largestWrite, mebibyte, run, sum } from '../helpers/target_load.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';

// What docs/guarantees.md says of a worker that dies, for each kind of output.

async function takeOver(t: TestContext, kind: TargetKind, path?: string): Promise<void> {
  const { pool, target, senders } = await run(t, kind, { path });
  target.read();
  const pouring = senders.map((sender) => sender.pour());
  const total = (): number => sum(senders.map(({ handedOver }) => handedOver));
  await until('bytes flow', () => senders.every(({ handedOver }) => handedOver > mebibyte / 4));
  for (const [deaths, number] of [0, 1, 2, 0, 1, 2].entries()) {
    const victim = pool.worker(number);
    process.kill(victim, 'SIGKILL');
    await pool.logged('exit', ({ pid, signal }) => pid === victim && signal === 'SIGKILL');
    await until('taken over', () => pool.all('takeover').length > deaths);
    const before = total();
    await until('bytes flow again', () => total() > before + mebibyte);
  }
  await endAll(senders, pouring);
  await until('all connections have ended', () => senders.every(({ cutOff }) => cutOff));
  assert.deepEqual(
    senders.filter(({ broken }) => broken).map(({ index }) => index),
    [],
  );
  await pool.stopInOrder();
  assert.equal(pool.all('start').filter(({ worker }) => worker !== null).length, 3);
  assert.deepEqual(pool.all('respawn'), []);
  const handedOver = senders.map((sender) => sender.handedOver);
  if (kind !== 'terminal') {
    assert.deepEqual(await checkOrder(senders, target.content()), handedOver);
    return;
  }
  // What a terminal has taken of the last write nobody can tell: that one is repeated.
  const counts = await count(target.content());
  for (const [index, bytes] of handedOver.entries()) {
    assert.ok(counts[index]! >= bytes, `client ${index}: sent ${bytes} bytes, ${counts[index]} came`);
  }
  assert.ok(sum(counts) - sum(handedOver) <= 6 * largestWrite);
}

test('pipe: clients at a Unix socket do not notice workers that are killed under load either', (t) =>
  takeOver(t, 'pipe', join(temporaryFolder(t), 'socket')));

test('tcp: workers that are killed under load cost nobody a byte nor the connection', (t) => takeOver(t, 'tcp'));

for (const kind of targets) {
  test(`${kind}: workers that are killed under load cost nobody a byte nor the connection`, (t) => takeOver(t, kind));
}
