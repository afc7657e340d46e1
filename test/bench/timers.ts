import type { Contender, Figure, Workload } from './comparing.js';
import { built, printed } from './programs.js';

const figure = (name: string): Figure => ({ name, unit: 'ns', better: 'lower' });

function contender(name: string, kind: Contender['kind'], queue: string, timers: number): Contender {
  return {
    name,
    kind,
    measure: async () => {
      const report = await printed(built('timer_queue'), [`queue=${queue}`, `timers=${timers}`]);
      return { figures: JSON.parse(report) as Record<string, number>, lost: 0 };
    },
  };
}

/** W8: an operation each on timers of a minute, in random order; tick is a turn of the clock at which nothing is due. */
export function timers(count: number): Workload {
  return {
    id: 'W8',
    title: `${count.toLocaleString('en')} timers`,
    figures: ['add', 'renew', 'cancel', 'expire', 'tick'].map(figure),
    contenders: [
      contender('timing wheel', 'ours', 'wheel', count),
      contender('binary heap', 'peer', 'heap', count),
      contender('std::multimap', 'peer', 'multimap', count),
    ],
  };
}
