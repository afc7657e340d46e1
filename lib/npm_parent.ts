import { readFileSync } from 'node:fs';

/**
 * The package manager (npm, npx, …) that started this command, if there is one. When it is killed, nothing else signals
 * this process: its parent may be a shell in between, which lives on.
 */

/** A process as proc_pid_stat(5) describes it. */
export interface Process {
  pid: number;
  name: string;
  state: string;
  parent: number;
  /** Start time, field 22: tells it from a later process with the same pid. */
  started: string;
  /** Its arguments, separated by spaces; empty for a zombie. */
  command: string;
}

export type ReadProcess = (pid: number) => Process | undefined;

const shells = new Set(['sh', 'dash', 'bash', 'ash', 'busybox', 'zsh', 'ksh']);
const packageManager = /(?:^|[\s/])(?:npm|npx|pnpm|pnpx|yarn|bun|bunx)(?:-cli)?(?:\.c?js)?(?:\s|$)/;

/** How often the ancestors are checked, in ms. */
const interval = 100;

export const readProcess: ReadProcess = (pid) => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const nameEnd = stat.lastIndexOf(')');
    const [state = '', parent = '0', ...rest] = stat.slice(nameEnd + 2).split(' ');
    return {
      pid,
      name: stat.slice(stat.indexOf('(') + 1, nameEnd),
      state,
      parent: Number(parent),
      started: rest[17] ?? '',
      command: readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' '),
    };
  } catch {
    return undefined;
  }
};

function hasEnded({ state }: Process): boolean {
  return state === 'Z' || state === 'X';
}

/** Processes that adopt the children of a process that has ended, besides process 1. */
const reapers = new Set(['systemd', 'tini', 'docker-init', 'dumb-init', 'catatonit']);

function isPackageManager({ name, command }: Process): boolean {
  return !shells.has(name) && !reapers.has(name) && packageManager.test(command);
}

/** The processes from `pid` up to the nearest package manager, or to process 1. */
function ancestors(pid: number, read: ReadProcess): Process[] {
  const found: Process[] = [];
  for (let next = pid; next > 0;) {
    const ancestor = read(next);
    if (ancestor === undefined) break;
    found.push(ancestor);
    if (isPackageManager(ancestor)) break;
    next = ancestor.parent;
  }
  return found;
}

function adopts({ pid, name }: Process): boolean {
  return pid === 1 || reapers.has(name) || shells.has(name);
}

/**
 * Searches from `parent` up, the parent of a process that a package manager started. Returns the package manager and the
 * processes below it: if one of them ends, it has ended. None if it cannot be seen from here; `gone` if it has ended.
 */
export function packageManagerAbove(parent: number, read: ReadProcess = readProcess): Process[] | 'gone' {
  const above = ancestors(parent, read);
  if (above.some(hasEnded)) return 'gone';
  const last = above.at(-1);
  if (last !== undefined && isPackageManager(last)) return above;
  // It was killed before this check, unless a program that npm started has started this one, or the parent is in another
  // PID namespace (0).
  return parent > 0 && above.every(adopts) ? 'gone' : [];
}

function isAlive({ pid, started }: Process): boolean {
  const process = readProcess(pid);
  return process?.started === started && !hasEnded(process);
}

/** Calls `gone` once when the package manager above this process, or a shell in between, has ended. */
export function watchPackageManager(gone: () => void): void {
  if (process.env.npm_execpath === undefined) return;
  const watched = packageManagerAbove(process.ppid);
  if (watched === 'gone') {
    gone();
    return;
  }
  if (watched.length === 0) return;
  const timer = setInterval(() => {
    if (watched.every(isAlive)) return;
    clearInterval(timer);
    gone();
  }, interval);
  timer.unref();
}
