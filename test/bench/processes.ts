import { readdirSync, readFileSync } from 'node:fs';

import { descendantsOf, statOf } from '../helpers/processes.js';

/** What /proc counts processor time in: sysconf(_SC_CLK_TCK), which is 100 on every Linux that Node runs on. */
const tickMs = 10;

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // it has ended
  }
}

function entries(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** Time that the threads of a process have run, in ms. */
function ownMs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return entries(tasks)
    .map((task) => Number(read(`${tasks}/${task}/schedstat`).split(' ')[0] ?? 0) / 1e6)
    .reduce((sum, ms) => sum + ms, 0);
}

/** Time of the processes that it has reaped, and of those that they had. */
function reapedMs(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) * tickMs;
}

/** Processor time of a process and all that descend from it, dead ones included, in ms. */
export function cpuOfTree(pid: number): number {
  return [pid, ...descendantsOf(pid)]
    .map((member) => ownMs(member) + reapedMs(member))
    .reduce((sum, ms) => sum + ms, 0);
}

/** Memory that is a process's own, of it and all that descend from it, in bytes. */
export function privateMemoryOfTree(pid: number): number {
  return [pid, ...descendantsOf(pid)]
    .flatMap((member) => [...read(`/proc/${member}/smaps_rollup`).matchAll(/^Private_\w+:\s*(\d+) kB/gm)])
    .reduce((sum, [, kib]) => sum + Number(kib) * 1024, 0);
}

/** Open descriptors of a process and all that descend from it, but for standbys, which share their worker's table. */
export function descriptorsOfTree(pid: number): number {
  const own = [pid, ...descendantsOf(pid)].filter((member) => !/^procpool-s\d/.test(statOf(member)?.name ?? ''));
  return own.reduce((sum, member) => sum + entries(`/proc/${member}/fd`).length, 0);
}

/** Bytes that a process has asked the kernel to read, and got. */
export function bytesReadBy(pid: number): number {
  return Number(/^rchar: (\d+)/m.exec(read(`/proc/${pid}/io`))?.[1] ?? 0);
}
