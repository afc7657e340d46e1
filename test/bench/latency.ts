import { type Comparison, type Figure, ourResult, type Sample, typical, type Workload } from './comparing.js';
import { built, printed } from './programs.js';
import { type Load, Running } from './running.js';
import { against, copyLoop, ncat, nodeNet, sink, sinkWithoutPauses, spliceLoop, type System } from './systems.js';

/** From a client's send to the reader's read. */
const latencies: Figure[] = ['p50', 'p99'].map((name) => ({ name, unit: 'µs', better: 'lower' }));

async function measure(system: System, args: string[]): Promise<Sample> {
  await using running = await Running.start(system, 'held');
  const report = JSON.parse(
    await printed(built('load_latency'), [`port=${running.port}`, 'timeout=60', ...args], running.readEnd),
  ) as Load & { p50: number; p99: number };
  return {
    figures: {
      p50: report.p50 / 1e3,
      p99: report.p99 / 1e3,
      CPU: (running.cpuSeconds * 1e6) / report.units,
      rate: report.units / report.seconds,
    },
    lost: 0, // it waits for every message
  };
}

/** W9: of a message at a time. */
export function latencyWhenIdle(messages: number): Workload {
  return {
    id: 'W9-idle',
    title: 'latency of single messages of 200 bytes',
    figures: latencies,
    contenders: against([sink, spliceLoop, copyLoop, ncat, nodeNet], (system) =>
      measure(system, ['mode=idle', `messages=${messages}`]),
    ),
  };
}

/** Messages a second, where W2-8 has not been measured. */
const usualPeak = 300_000;

/** The rate at which ours takes messages, as far as `measured` has it. */
function peakRate(measured: Comparison[]): number {
  const messages = measured.findLast(({ id }) => id === 'W2-8');
  const ours = messages && ourResult(messages);
  const peak = ours === undefined ? Number.NaN : typical(ours, 'rate');
  return Number.isNaN(peak) ? usualPeak : peak;
}

/** Less than this share of the rate that was asked for is worth a note. */
const keptUp = 0.97;

/** W9: at a share of our peak rate, as `measured` has it by then; the CPU is that of the system alone. */
export function latencyUnderLoad(percent: number, seconds: number, measured: Comparison[]): Workload {
  return {
    id: `W9-${percent}`,
    title: `latency of messages of 200 bytes at ${percent} % of our peak rate`,
    figures: [...latencies, { name: 'CPU', unit: 'µs per message', better: 'lower' }],
    contenders: against([sink, sinkWithoutPauses, spliceLoop, ncat, nodeNet], async (system) => {
      const rate = Math.round((peakRate(measured) * percent) / 100);
      const load = ['mode=load', 'connections=8', `rate=${rate}`, `messages=${rate * seconds}`];
      const sample = await measure(system, load);
      const behind = (sample.figures.rate ?? 0) < keptUp * rate;
      return { ...sample, ...(behind && { note: 'did not keep up in every round' }) };
    }),
  };
}
