/**
 * A million timers of a minute, in random order, in the timing wheel, a binary heap and a std::multimap: ns per operation,
 * medians of 5 runs in turn, each in a process of its own. Takes some minutes. `npm run bench:wheel`.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { median } from './median.js';

const runs = 5;
const program = join(__dirname, 'build/Release/timer_wheel');

const operations = {
  add: 'add',
  renew: 'renew, each timer every 10 s',
  renewOften: 'renew, each timer every second',
  cancel: 'cancel',
  expire: 'expire',
  tick: 'a tick in which nothing is due',
} as const;

type Costs = Record<keyof typeof operations, number>;

function measure(queue: 'wheel' | 'heap' | 'multimap'): Costs {
  const { status, stdout, stderr } = spawnSync(program, [queue], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${queue}: ${stderr}`);
  return JSON.parse(stdout) as Costs;
}

const all = Array.from({ length: runs }, () => ({
  wheel: measure('wheel'),
  heap: measure('heap'),
  multimap: measure('multimap'),
}));
console.log('| operation | wheel, ns | heap ÷ wheel | multimap ÷ wheel |\n|---|---|---|---|');
for (const operation of Object.keys(operations) as (keyof Costs)[]) {
  const cost = (queue: keyof (typeof all)[number]): number => median(all.map((run) => run[queue][operation]));
  const ratio = (peer: 'heap' | 'multimap'): string => (cost(peer) / cost('wheel')).toFixed(1);
  console.log(`| ${operations[operation]} | ${cost('wheel').toFixed(1)} | ${ratio('heap')} | ${ratio('multimap')} |`);
}
