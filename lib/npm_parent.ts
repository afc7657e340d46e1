import { readFileSync } from 'node:fs';

/**
 * The npm, npx, … that started this command, if one did. When it is killed it cannot pass that on, and nobody else
 * tells this process: its parent may be a shell in between, which lives on.
 */

interface Process {
  pid: number;
  name: string;
  state: string;
  parent: number;
  /** With the pid, who it is: proc_pid_stat(5), field 22. */
  started: string;
}

const shells = new Set(['sh', 'dash', 'bash', 'ash', 'busybox', 'zsh', 'ksh']);
const packageManager = /(?:^|[\s/])(?:npm|npx|pnpm|pnpx|yarn|bun|bunx)(?:-cli)?(?:\.c?js)?(?:\s|$)/;

/** How often the ancestors are looked at, in ms. */
const interval = 100;

function readProcess(pid: number): Process | undefined {
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
    };
  } catch {
    return undefined;
  }
}

function isPackageManager({ pid, name }: Process): boolean {
  if (shells.has(name)) return false;
  try {
    return packageManager.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' '));
  } catch {
    return false;
  }
}

/** This process's ancestors, up to the nearest package manager or the first process of all. */
function ancestors(): Process[] {
  const found: Process[] = [];
  for (let pid = process.ppid; pid > 1;) {
    const ancestor = readProcess(pid);
    if (ancestor === undefined) break;
    found.push(ancestor);
    if (isPackageManager(ancestor)) break;
    pid = ancestor.parent;
  }
  return found;
}

/** Who adopts the children of a process that has ended. */
const reapers = new Set(['systemd', 'init', 'tini', 'dumb-init', 'catatonit']);

function lives({ pid, started }: Process): boolean {
  const now = readProcess(pid);
  return now?.started === started && now.state !== 'Z' && now.state !== 'X';
}

/** Calls `gone` once when the package manager above this process, or a shell in between, has ended. */
export function watchPackageManager(gone: () => void): void {
  if (process.env.npm_execpath === undefined) return;
  const watched = ancestors();
  const last = watched.at(-1);
  if (last === undefined || !isPackageManager(last)) {
    // It was killed before this process came to look, unless what npm started has started this in turn.
    if (watched.every(({ name }) => shells.has(name) || reapers.has(name))) gone();
    return;
  }
  const timer = setInterval(() => {
    if (watched.every(lives)) return;
    clearInterval(timer);
    gone();
  }, interval);
  timer.unref();
}
