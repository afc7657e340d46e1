import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';

import { until } from './until.js';

/** False if faults can be injected here, otherwise why not: what node:test takes for `skip`. */
export const noFaults: string | false =
  spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0 ? false : 'needs strace(1) and the right to trace';

/**
 * Makes system calls of a process, and of its children to come, fail as strace(1) describes: `splice:error=EINVAL:when=2`.
 * Returns how to stop that; the test's end stops it too.
 */
export async function inject(t: TestContext, pid: number, fault: string): Promise<() => Promise<void>> {
  const call = fault.slice(0, fault.indexOf(':'));
  const strace = spawn(
    'strace',
    ['-f', '-p', String(pid), '-e', `trace=${call}`, '-e', `inject=${fault}`, '-o', '/dev/null'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let said = '';
  strace.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const exited = once(strace, 'exit');
  const stop = async (): Promise<void> => {
    strace.kill('SIGINT');
    await exited;
  };
  t.after(stop);
  await until(`strace attached: ${said}`, () => said.includes('attached'));
  return stop;
}
