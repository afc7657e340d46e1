import assert from 'node:assert/strict';
import { closeSync, createReadStream, openSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { startCli } from '../helpers/cli.js';
import { client, sendCycle } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { addon, type CycleCheck } from '../native/addon.js';

const clients = 64;
const mebibyte = 2 ** 20;
/** The sanitizers' run asks for less. */
const bytesEach = (32 * mebibyte) / Number(process.env.PROCPOOL_TEST_SCALE ?? 1);

async function sendFromAll(port: number): Promise<void> {
  await Promise.all(
    Array.from({ length: clients }, async (_, index) => {
      await sendCycle(await client(port), index * 4, bytesEach);
    }),
  );
}

function assertComplete(check: CycleCheck): void {
  assert.deepEqual(
    [...check.counts],
    Array.from({ length: clients }, () => bytesEach),
  );
  assert.equal(check.disorder, 0);
}

const volume = `${clients} clients × ${bytesEach / mebibyte} MiB`;

test(`${volume} arrive complete on a pipe`, async (t) => {
  const pool = await startCli(t, ['--workers', '3']);
  const check = new addon.CycleCheck();
  pool.stdout.on('data', (chunk: Buffer) => {
    check.add(chunk);
  });
  await sendFromAll(pool.tcp);
  await pool.stopInOrder();
  await until('the rest read', () => pool.stdout.readableEnded);
  assertComplete(check);
});

test(`${volume} arrive complete at a reader that stops for seconds`, async (t) => {
  const pool = await startCli(t, ['--workers', '3']);
  const check = new addon.CycleCheck();
  let pauseAt = 0;
  pool.stdout.on('data', (chunk: Buffer) => {
    check.add(chunk);
    if (check.total < pauseAt) return;
    pauseAt += (clients * bytesEach) / 4;
    pool.stdout.pause();
    setTimeout(() => pool.stdout.resume(), 1500);
  });
  await sendFromAll(pool.tcp);
  await pool.stopInOrder();
  await until('the rest read', () => pool.stdout.readableEnded);
  assertComplete(check);
});

for (const [name, flags] of [
  ['a plain file', 'w'],
  ['an append file', 'a'],
] as const) {
  test(`${volume} arrive complete in ${name}`, async (t) => {
    const path = join(temporaryFolder(t), 'out');
    const descriptor = openSync(path, flags);
    const pool = await startCli(t, ['--workers', '3'], { stdout: descriptor });
    closeSync(descriptor);
    await sendFromAll(pool.tcp);
    await pool.stopInOrder();
    assert.equal(statSync(path).size, clients * bytesEach);
    const check = new addon.CycleCheck();
    for await (const chunk of createReadStream(path, { highWaterMark: mebibyte })) check.add(chunk as Buffer);
    assertComplete(check);
  });
}
