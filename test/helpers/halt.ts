import { statOf } from './processes.js';
import { until } from './until.js';

/** Stops processes, and is sure of it. */
export async function halt(...pids: number[]): Promise<void> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  await until('stopped', () => pids.every((pid) => statOf(pid)?.state === 'T'));
}
