import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

// The build that users get.
import { ProcessPool as Pool, type ProcessPoolOptions, type StopOptions } from '../../dist/index.js';
import { after } from './after.js';
import { listenersOn } from './ports.js';
import { childrenOf, isLeft, killLeft } from './processes.js';
import { until } from './until.js';
import { text, within } from './within.js';

/** The pool, with a deadline for what it promises. */
export class ProcessPool extends Pool<ProcessPoolOptions> {
  /** The TCP port; 0 where it listens on a Unix socket. */
  get port(): number {
    const address = this.address();
    return typeof address === 'object' ? address.port : 0;
  }

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

/**
 * A pool of this process, ready, with its port (0 with a Unix socket): on a free port, with one worker and a pipe unless told
 * otherwise. After the test it is stopped, and nothing of it may be left.
 */
export async function startPool(
  t: TestContext,
  options: ProcessPoolOptions = {},
): Promise<{ pool: ProcessPool; port: number }> {
  const listen = options.path === undefined ? { port: 0, host: '127.0.0.1' } : {};
  const pool = new ProcessPool({ ...listen, workers: 1, output: 'pipe', ...options });
  await pool.start();
  const supervisor = pool.stats().pid ?? 0;
  const pids = new Set([supervisor]);
  // Also the standbys, and those that there have been since.
  const note = (): void => {
    for (const pid of childrenOf(supervisor)) pids.add(pid);
  };
  note();
  for (const event of ['worker:start', 'worker:takeover'] as const) pool.on(event, ({ pid }) => pids.add(pid));
  const { port } = pool;
  const listeners = listenersOn(port);
  assert.ok(port === 0 || listeners.length > 0);
  after(t, async () => {
    try {
      pool.output?.resume();
      note();
      if (pool.stats().state !== 'ended') await pool.stop();
      await until('no process left', () => ![...pids].some(isLeft));
    } finally {
      killLeft(pids);
    }
    await until('port closed', () => !listenersOn(port).some((listener) => listeners.includes(listener)));
  });
  return { pool, port };
}

/** All that comes out of the pool, as text. */
export function received(pool: ProcessPool): Promise<string> {
  assert.ok(pool.output);
  return text(pool.output);
}
