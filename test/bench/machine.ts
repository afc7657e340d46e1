import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

import { root } from '../helpers/cli.js';
import { type Program, versions } from './programs.js';

export interface Machine {
  date: string;
  commit: string;
  kernel: string;
  processor: string;
  cores: number;
  memoryGiB: number;
  node: string;
  programs: Record<string, string>;
}

export function machine(programs: Program[]): Machine {
  const [first] = cpus();
  return {
    date: new Date().toISOString(),
    commit: execFileSync('git', ['-C', root, 'describe', '--always', '--dirty'], { encoding: 'utf8' }).trim(),
    kernel: release(),
    processor: first?.model ?? '',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    programs: versions(programs),
  };
}

/** In a line. */
export function described(one: Machine): string {
  const programs = Object.entries(one.programs).map(([name, version]) => `${name} ${version}`);
  const hardware = `${one.cores} × ${one.processor}, ${one.memoryGiB} GiB, Linux ${one.kernel}`;
  return [`${one.date.slice(0, 10)}, commit ${one.commit}: ${hardware}`, `Node ${one.node}`, ...programs].join(', ');
}
