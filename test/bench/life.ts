import { join } from 'node:path';

import type { Contender, Figure, Workload } from './comparing.js';
import { printed } from './programs.js';

/** A script that prints them as JSON. */
function contender(name: string, kind: Contender['kind'], script: string): Contender {
  return {
    name,
    kind,
    measure: async () => {
      const report = await printed(process.execPath, [join(__dirname, script)]);
      return { figures: JSON.parse(report) as Record<string, number>, lost: 0 };
    },
  };
}

/**
 * W7. With the module and its addon loaded: start, until three workers accept; replacement, from SIGKILL to one of them
 * until there is a worker that accepts in its place; stop, with no connection, until all processes have ended.
 */
export function life(): Workload {
  const milliseconds = (name: string): Figure => ({ name, unit: 'ms', better: 'lower' });
  return {
    id: 'W7',
    title: 'life of 3 workers',
    figures: ['start', 'replacement', 'stop'].map(milliseconds),
    contenders: [
      contender('procpool-native', 'ours', 'life/pool.cjs'),
      contender('node:cluster', 'peer', 'life/cluster.cjs'),
    ],
    repeats: 3,
  };
}
