import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

import { root } from '../helpers/cli.js';

export interface Machine {
  date: string;
  commit: string;
  kernel: string;
  processor: string;
  cores: number;
  memoryGiB: number;
  node: string;
}

export function machine(): Machine {
  const [first] = cpus();
  return {
    date: new Date().toISOString(),
    commit: execFileSync('git', ['-C', root, 'describe', '--always', '--dirty'], { encoding: 'utf8' }).trim(),
    kernel: release(),
    processor: first?.model ?? '',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
}
