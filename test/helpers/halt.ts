import { statOf } from './processes.js';
import { until } from './until.js';

/** Stops processes, and is sure of it. */
export async function halt(...pids: number[]): Promise<void> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  await until('stopped', () => pids.every((pid) => statOf(pid)?.state === 'T'));
}

/** As halt(), but for those that have ended or end meanwhile. */
export async function haltRunning(pids: number[]): Promise<void> {
  const running = pids.filter((pid) => !['Z', undefined].includes(statOf(pid)?.state));
  for (const pid of running) process.kill(pid, 'SIGSTOP');
  await until('stopped, or ended', () => running.every((pid) => ['T', 'Z', undefined].includes(statOf(pid)?.state)));
}

/** Lets processes go on, as far as they have not ended. */
export function resume(...pids: number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGCONT');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
