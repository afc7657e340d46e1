import { type Comparison, type Figure, ownResult, type Sample, typical, type Workload } from './comparing.js';
import { built, printed } from './programs.js';
import { type Load, Running } from './running.js';
import { against, copyLimit, ncat, nodeNet, sink, spliceLimit, type System } from './systems.js';

/** From a client's send to the reader's read. */
const latencies: Figure[] = ['p50', 'p99'].map((name) => ({ name, unit: 'µs', better: 'lower' }));
const systems = [sink, spliceLimit, copyLimit, ncat, nodeNet];

async function measure(system: System, args: string[]): Promise<Sample> {
  await using running = await Running.start(system, 'held');
  const report = JSON.parse(
    await printed(built('load_latency'), [`port=${running.port}`, 'timeout=60', ...args], running.readEnd),
  ) as Load & { p50: number; p99: number };
  return {
    figures: { p50: report.p50 / 1e3, p99: report.p99 / 1e3, rate: report.units / report.seconds },
    lost: 0, // it waits for every message
  };
}

/** W9: of a message at a time. */
export function latencyWhenIdle(messages: number): Workload {
  return {
    id: 'W9-idle',
    title: 'latency of single messages of 200 bytes',
    figures: latencies,
    contenders: against(systems, (system) => measure(system, ['mode=idle', `messages=${messages}`])),
  };
}

/** Messages a second, where W2-8 has not been measured. */
const usualRate = 150_000;

/** Half of W2-8's rate of ours. */
function halfOfPeak(measured: Comparison[]): number {
  const messages = measured.find(({ id }) => id === 'W2-8');
  const own = messages && ownResult(messages);
  const peak = own === undefined ? Number.NaN : typical(own, 'rate');
  return Number.isNaN(peak) ? usualRate : Math.round(peak / 2);
}

/** W9: at half of the rate at which ours takes messages, as `measured` has it by then. */
export function latencyUnderLoad(seconds: number, measured: Comparison[]): Workload {
  return {
    id: 'W9-load',
    title: 'latency of messages of 200 bytes at half of our rate',
    figures: [...latencies, { name: 'rate', unit: 'messages/s', better: 'higher' }],
    contenders: against(systems, (system) => {
      const rate = halfOfPeak(measured);
      return measure(system, ['mode=load', 'connections=8', `rate=${rate}`, `messages=${rate * seconds}`]);
    }),
  };
}
