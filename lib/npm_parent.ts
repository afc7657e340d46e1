import { readFileSync } from 'node:fs';

/**
 * The npm, npx, … that started this command, if one did. When it is killed it cannot pass that on, and nobody else
 * tells this process: its parent may be a shell in between, which lives on.
 */

/** A process as proc_pid_stat(5) describes it. */
export interface Process {
  pid: number;
  name: string;
  state: string;
  parent: number;
  /** With the pid, who it is: field 22. */
  started: string;
  /** Its arguments, separated by spaces; empty for a zombie. */
  command: string;
}

export type ReadProcess = (pid: number) => Process | undefined;

const shells = new Set(['sh', 'dash', 'bash', 'ash', 'busybox', 'zsh', 'ksh']);
const packageManager = /(?:^|[\s/])(?:npm|npx|pnpm|pnpx|yarn|bun|bunx)(?:-cli)?(?:\.c?js)?(?:\s|$)/;

/** How often the ancestors are looked at, in ms. */
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

/** Who adopts the children of a process that has ended, beside process 1. */
const reapers = new Set(['systemd', 'tini', 'docker-init', 'dumb-init', 'catatonit']);

function isPackageManager({ name, command }: Process): boolean {
  return !shells.has(name) && !reapers.has(name) && packageManager.test(command);
}

/** Ancestors from `pid` up to the nearest package manager or the first process of all. */
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
 * Looks from `parent` up, the parent of a process that a package manager started: the processes whose end is that of
 * the package manager, none if it cannot be seen from here; or `gone`, it has ended already.
 */
export function packageManagerAbove(parent: number, read: ReadProcess = readProcess): Process[] | 'gone' {
  const above = ancestors(parent, read);
  if (above.some(hasEnded)) return 'gone';
  const last = above.at(-1);
  if (last !== undefined && isPackageManager(last)) return above;
  // It was killed before this process came to look, unless what npm started has started this in turn, or the parent is
  // in another PID namespace (0).
  return parent > 0 && above.every(adopts) ? 'gone' : [];
}

function lives({ pid, started }: Process): boolean {
  const now = readProcess(pid);
  return now?.started === started && !hasEnded(now);
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
    if (watched.every(lives)) return;
    clearInterval(timer);
    gone();
  }, interval);
  timer.unref();
}
