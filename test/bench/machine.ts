import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';

import { root } from '../helpers/cli.js';
import { type Program, versions } from './programs.js';

export interface Machine {
  date: string;
  commit: string;
  kernel: string;
  processor: string;
  cores: number;
  memoryGiB: number;
  /** Of the minute before the run: what else ran there. */
  loadAverage?: number;
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
    loadAverage: loadavg()[0] ?? Number.NaN,
    node: process.version,
    programs: versions(programs),
  };
}

/** In a line. */
export function describe(machine: Machine): string {
  const { date, commit, cores, processor, memoryGiB, kernel, node, loadAverage } = machine;
  const programs = Object.entries(machine.programs).map(([name, version]) => `${name} ${version}`);
  const load = loadAverage === undefined ? [] : [`load average before the run ${loadAverage.toFixed(1)}`];
  const hardware = `${cores} × ${processor}, ${memoryGiB} GiB, Linux ${kernel}`;
  return [`${date.slice(0, 10)}, commit ${commit}: ${hardware}`, `Node ${node}`, ...programs, ...load].join(', ');
}
