import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

import { ProcessPool, type ProcessPoolOptions } from '../../lib/index.js';

/** A pool of this process on a free port, ready, with one worker and a pipe unless told otherwise; stopped after the test. */
export async function startPool(
  t: TestContext,
  options: ProcessPoolOptions,
): Promise<{ pool: ProcessPool; port: number }> {
  const pool = new ProcessPool({ port: 0, host: '127.0.0.1', workers: 1, output: 'pipe', ...options });
  await pool.start();
  t.after(() => pool.stop());
  const address = pool.address();
  assert.ok(typeof address === 'object' && address !== null);
  return { pool, port: address.port };
}
