import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
// All steps take longer than any deadline.
// eslint-disable-next-line no-restricted-imports
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
// eslint-disable-next-line no-restricted-imports
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

import { loadBinding } from '../../lib/native.js';
import { after } from '../helpers/after.js';
import { root, startCli } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/files.js';
import { descriptorsOf } from '../helpers/processes.js';
import { sanitized } from '../helpers/sanitizer.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { addon } from '../native/addon.js';

/** All of them with `npm run test:steps`; else every so many-th instruction, beginning anywhere. */
const all = process.env.PROCPOOL_TEST_STEPS === 'all';

const cannotStep =
  (process.arch !== 'x64' && 'single steps are for x86-64') ||
  (sanitized && 'single steps are for the build without sanitizers');

type Output = 'a pipe' | 'a socket' | 'a file' | 'an append file';

/** What the pool writes to, and where that is read. */
function outputs(t: TestContext, kind: Output): { readEnd: number; writeEnd: number } {
  if (kind === 'a pipe' || kind === 'a socket') {
    const [readEnd, writeEnd] = kind === 'a pipe' ? loadBinding().binding.pipe() : addon.socketPair();
    return { readEnd, writeEnd };
  }
  const path = join(temporaryFolder(t), 'out');
  const writeEnd = openSync(path, kind === 'a file' ? 'w' : 'a');
  return { readEnd: openSync(path, 'r'), writeEnd };
}

interface Setup {
  output?: Output;
  unix?: boolean;
  of?: 'message' | 'accept' | 'close' | 'takeover';
  size?: number;
  every: number;
}

/** Runs worker_steps on a pool: native/worker_steps.cc in test/chaos. */
async function step(t: TestContext, setup: Setup): Promise<void> {
  const { output = 'a pipe', unix = false, of = 'message', size = 32, every } = setup;
  const { readEnd, writeEnd } = outputs(t, output);
  after(t, () => {
    closeSync(readEnd);
  });
  const path = unix ? join(temporaryFolder(t), 'socket') : undefined;
  const pool = await startCli(t, ['--workers', '1'], { stdout: writeEnd, ...(path !== undefined && { path }) });
  closeSync(writeEnd);
  const before = descriptorsOf(pool.worker(0)).length;

  const from = all ? 1 : 1 + Math.floor(Math.random() * every);
  const seed = Math.floor(Math.random() * 2 ** 31);
  const args = { supervisor: pool.supervisor, of, size, from, every: all ? 1 : every, seed };
  const words = Object.entries(args).map(([name, value]) => `${name}=${value}`);
  words.push(path === undefined ? `port=${pool.tcp}` : `path=${path}`);
  const program = join(root, 'test', 'chaos', 'build', 'Release', 'worker_steps');
  const child = spawn(program, words, { stdio: [readEnd, 'pipe', 'pipe'] });
  after(t, () => child.kill('SIGKILL'));
  const [verdict, complaints, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  if (code === 77) {
    t.skip(complaints.trim());
    return;
  }
  assert.equal(complaints, '', words.join(' '));
  t.diagnostic(`${words.join(' ')}: ${verdict.trim()}`);

  // Its clients have gone, and nothing of them and of its predecessors is left in the worker.
  await until('as many descriptors as at first', () => {
    const worker = pool.worker(0);
    return worker !== 0 && descriptorsOf(worker).length === before;
  });
  pool.child.kill('SIGUSR1');
  const { total } = ((await pool.logged('stats')) as unknown as { stats: { total: Record<string, number> } }).stats;
  assert.equal(total.active, 0);
  assert.equal(total.accepted, total.closed);
  assert.equal(total.errors, 0);
  assert.equal(total.bytesIn, total.bytesOut);
  await pool.stopInOrder();
}

const limits = { skip: cannotStep, timeout: all ? 3_600_000 : 300_000 };

const variants: Record<string, Setup> = {
  'it moves a small message to a pipe': { every: 181 },
  'it moves a long message to a pipe': { size: 100_000, every: 181 },
  'it moves a small message to a file': { output: 'a file', every: 181 },
  'it moves a small message to an append file': { output: 'an append file', every: 181 },
  'it moves a small message to a socket': { output: 'a socket', every: 181 },
  'it moves a small message of a Unix socket': { unix: true, every: 181 },
  'it moves a long message of a Unix socket': { unix: true, size: 100_000, every: 181 },
  'it accepts a client': { of: 'accept', every: 307 },
  'it closes a connection': { of: 'close', every: 181 },
  'it takes over from another that was killed': { of: 'takeover', every: 997 },
};

for (const [name, setup] of Object.entries(variants)) {
  test(`nothing is lost or doubled when a worker is killed at any instruction while ${name}`, limits, async (t) => {
    await step(t, setup);
  });
}
