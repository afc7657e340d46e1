import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

// The build that users get.
import { ProcessPool as Pool, type ProcessPoolOptions, type StopOptions } from '../../dist/index.js';
import { after } from './after.js';
import { childrenOf, killLeft } from './processes.js';
import { within } from './within.js';

/** The pool, with a deadline for what it promises. */
export class ProcessPool extends Pool<ProcessPoolOptions> {
  override start(): Promise<void> {
    return within('start() is done', super.start());
  }

  override resize(workers: number): Promise<void> {
    return within('resize() is done', super.resize(workers));
  }

  override reopen(): Promise<void> {
    return within('reopen() is done', super.reopen());
  }

  override stop(options?: StopOptions): Promise<void> {
    return within('stop() is done', super.stop(options));
  }
}

/** A pool of this process on a free port, ready, with one worker and a pipe unless told otherwise; stopped after the test. */
export async function startPool(
  t: TestContext,
  options: ProcessPoolOptions,
): Promise<{ pool: ProcessPool; port: number }> {
  const pool = new ProcessPool({ port: 0, host: '127.0.0.1', workers: 1, output: 'pipe', ...options });
  await pool.start();
  const supervisor = pool.stats().pid ?? 0;
  const pids = [supervisor, ...childrenOf(supervisor)];
  after(t, async () => {
    try {
      await pool.stop();
    } finally {
      killLeft(pids);
    }
  });
  const address = pool.address();
  assert.ok(typeof address === 'object');
  return { pool, port: address.port };
}
