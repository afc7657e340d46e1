import type { Figure } from './comparing.js';

/** What is counted, in the singular. */
export type Unit = 'GiB' | 'message' | 'connection' | 'request';

const second = { ms: 1e3, µs: 1e6 };
const timeOf = (unit: Unit): keyof typeof second => (unit === 'GiB' ? 'ms' : 'µs');

/** Processor time of all a system's processes, of the reader of its stdout too, and how fast it is. */
export function costs(unit: Unit): Figure[] {
  return [
    { name: 'CPU', unit: `${timeOf(unit)} per ${unit}`, better: 'lower' },
    { name: 'rate', unit: unit === 'GiB' ? 'GiB/s' : `${unit}s/s`, better: 'higher' },
  ];
}

export function cost(unit: Unit, units: number, cpuSeconds: number, seconds: number): Record<string, number> {
  return { CPU: (cpuSeconds * second[timeOf(unit)]) / units, rate: units / seconds };
}
