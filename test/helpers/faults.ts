import { spawn, spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';

import { after } from './after.js';
import { type CliSetup, type ReadyCli, startCli } from './cli.js';
import { withoutLeakCheck as traceable } from './sanitizer.js';
import { until } from './until.js';
import { within } from './within.js';

/** The environment for what is traced. */
export { traceable };

/** As startCli(), for what is traced. */
export async function startTraceable(t: TestContext, args: string[], setup: CliSetup = {}): Promise<ReadyCli> {
  return await startCli(t, args, { env: traceable, ...setup });
}

/** Attaches strace(1) to a process, and its children to come. Returns how to detach it. */
async function attach(t: TestContext, pid: number, args: string[]): Promise<() => Promise<string[]>> {
  const strace = spawn('strace', ['-f', '-p', String(pid), ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  strace.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const closed = new Promise((resolve) => strace.once('close', resolve));
  const stop = async (): Promise<string[]> => {
    strace.kill('SIGINT');
    try {
      await within('strace has detached', closed);
    } finally {
      strace.kill('SIGKILL');
    }
    return output.split('\n').filter((line) => line !== '' && !line.startsWith('strace:'));
  };
  after(t, stop);
  await until(
    () => `strace attached: ${output}`,
    () => output.includes('attached'),
  );
  return stop;
}

/** Notes the system calls of a process that begin from now on. Returns how to end that and get them. `fault`: as of inject(). */
export async function trace(
  t: TestContext,
  pid: number,
  calls = 'all',
  fault?: string,
): Promise<() => Promise<string[]>> {
  const faults = fault === undefined ? [] : ['-e', `inject=${fault}`];
  const stop = await attach(t, pid, ['-e', `trace=${calls}`, ...faults]);
  // What it was waiting in when strace came and went is none of them.
  return async () => (await stop()).filter((line) => !/resuming interrupted|detached/.test(line));
}

/** False if faults can be injected here, otherwise why not: what node:test takes for `skip`. */
export const noFaults: string | false =
  spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0 ? false : 'needs strace(1) and the right to trace';

/**
 * Makes system calls of a process, and of its children to come, fail as strace(1) describes: `splice:error=EINVAL:when=2`.
 * Returns how to stop that; the test's end stops it too.
 */
export async function inject(t: TestContext, pid: number, ...faults: string[]): Promise<() => Promise<void>> {
  const calls = faults.map((fault) => fault.slice(0, fault.indexOf(':'))).join();
  const injections = faults.flatMap((fault) => ['-e', `inject=${fault}`]);
  const stop = await attach(t, pid, ['-e', `trace=${calls}`, ...injections, '-o', '/dev/null']);
  return async () => {
    await stop();
  };
}

/** Leaves a process no more descriptors than that. False: prlimit(1) cannot. */
export function limitDescriptors(pid: number, count: number): boolean {
  return spawnSync('prlimit', ['--pid', String(pid), `--nofile=${count}:${count}`]).status === 0;
}
