/**
 * Splice or copy, for each kind of output: CPU and wall time of moving 1 GiB from one loopback connection, medians of 7
 * runs in turn, as the ratio of copy to splice. `npm run bench:ways`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { median } from './median.js';

const bytes = 2 ** 30;
const runs = 7;
const program = join(__dirname, 'build/Release/output_way');
const folder = mkdtempSync(join(tmpdir(), 'procpool-ways-'));
const file = join(folder, 'out');

interface Cost {
  cpuMs: number;
  wallMs: number;
}

/** What the shell puts behind the program. */
const outputs = {
  pipe: '| cat > /dev/null',
  '/dev/null': '> /dev/null',
  'plain file': `> ${file}`,
} as const;

function measure(way: 'splice' | 'copy', redirection: string): Cost {
  const { status, stderr } = spawnSync('bash', ['-c', `set -o pipefail; ${program} ${way} ${bytes} ${redirection}`], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${way} ${redirection}: ${stderr}`);
  if (redirection.includes(file)) {
    if (statSync(file).size !== bytes) throw new Error('bytes are missing');
    rmSync(file);
  }
  return JSON.parse(stderr) as Cost;
}

console.log('| output | copy ÷ splice, CPU | copy ÷ splice, wall |\n|---|---|---|');
for (const [name, redirection] of Object.entries(outputs)) {
  const pairs = Array.from({ length: runs }, () => ({
    splice: measure('splice', redirection),
    copy: measure('copy', redirection),
  }));
  const ratio = (cost: keyof Cost): string =>
    (median(pairs.map(({ copy }) => copy[cost])) / median(pairs.map(({ splice }) => splice[cost]))).toFixed(2);
  console.log(`| ${name} | ${ratio('cpuMs')} | ${ratio('wallMs')} |`);
}
rmSync(folder, { recursive: true });
