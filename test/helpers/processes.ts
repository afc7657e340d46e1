import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';

export interface Stat {
  pid: number;
  name: string;
  state: string;
  parent: number;
}

export function statOf(pid: number): Stat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const end = stat.lastIndexOf(')');
    const [state = '', parent = ''] = stat.slice(end + 2).split(' ');
    return { pid, name: stat.slice(stat.indexOf('(') + 1, end), state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

export function allProcesses(): Stat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat !== undefined);
}

/** Alive, or a zombie that is not init's to reap. */
export function isLeft(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== undefined && !(stat.state === 'Z' && stat.parent === 1);
}

/** Ends those of a pool's processes that nothing else has ended. */
export function killLeft(pids: Iterable<number>): void {
  for (const pid of pids) {
    if (isLeft(pid) && statOf(pid)?.name.startsWith('procpool')) process.kill(pid, 'SIGKILL');
  }
}

/** Of a process that a test started: those of 0 and of init are not the test's. */
export function childrenOf(pid: number): number[] {
  if (pid <= 1) throw new RangeError(`not a process of a test: ${pid}`);
  return allProcesses()
    .filter(({ parent }) => parent === pid)
    .map((stat) => stat.pid);
}

/** The workers of a supervisor, also those that are not reaped; no standbys, and none that is still to become either. */
export function workersOf(supervisor: number): number[] {
  return namedChildrenOf(supervisor, /^procpool-w\d+$/);
}

/** The processes that wait for the death of one of its workers. */
export function standbysOf(supervisor: number): number[] {
  return namedChildrenOf(supervisor, /^procpool-s\d+$/);
}

function namedChildrenOf(supervisor: number, name: RegExp): number[] {
  return childrenOf(supervisor).filter((pid) => name.test(statOf(pid)?.name ?? ''));
}

export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

/** Open descriptors of a process and what they refer to. */
export function descriptorsOf(pid: number | 'self'): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      return [readlinkSync(`${folder}/${fd}`)];
    } catch {
      return [];
    }
  });
}

/** The flags of a descriptor's open file description. */
export function flagsOf(pid: number, fd: number): number {
  const info = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1');
  return Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? '', 8);
}

/** Private memory of a process, in KiB. */
export function privateMemoryOf(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return [...rollup.matchAll(/^Private_\w+:\s*(\d+) kB/gm)].reduce((sum, [, kib]) => sum + Number(kib), 0);
}

/** True while a signal waits for the process to take it. */
export function signalsPending(pid: number, signal: NodeJS.Signals): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const bit = 1n << BigInt(constants.signals[signal] - 1);
    return [...status.matchAll(/^S(?:ig|hd)Pnd:\s*([0-9a-f]+)/gm)].some(([, set]) => (BigInt(`0x${set}`) & bit) !== 0n);
  } catch {
    return false;
  }
}
