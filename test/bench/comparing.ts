import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { median } from './median.js';
import { load, Running } from './running.js';
import { isHere, type System } from './systems.js';
import type { Workload } from './workloads.js';

const run = promisify(execFile);

/** One system's share of one round. */
export interface Sample {
  /** Processor time of all its processes, of the reader of its stdout too, per unit. */
  cpuNs: number;
  /** Units a second. */
  rate: number;
  /** Bytes that did not arrive. */
  lost: number;
}

/** A system's samples, or why there are none. */
export interface Result {
  system: string;
  kind: System['kind'];
  samples: Sample[];
  missing?: string;
}

export interface Comparison {
  id: string;
  title: string;
  unit: string;
  results: Result[];
}

export async function measure(workload: Workload, system: System): Promise<Sample> {
  await using running = await Running.start(system, workload.destination);
  const { program, args } = workload.load;
  const { seconds } = await load(program, [`port=${running.port}`, ...args]);
  await running.arrival(workload.bytes);
  const arrived = Number.isNaN(running.arrived) ? workload.bytes : running.arrived;
  return {
    cpuNs: (running.cpuMs * 1e6) / workload.units,
    rate: workload.units / seconds,
    lost: workload.bytes - arrived,
  };
}

const body = `${'x'.repeat(199)}\n`;

export async function measureRequests(seconds: number, system: System): Promise<Sample> {
  await using running = await Running.start(system, 'pipe');
  const script = join(running.folder, 'post.lua');
  writeFileSync(script, `wrk.method = "POST"\nwrk.body = string.rep("x", 199) .. "\\n"\n`);
  const { stdout } = await run('wrk', [
    ...['--threads', '1', '--connections', '64', '--duration', `${seconds}s`, '--script', script],
    `http://127.0.0.1:${running.port}/`,
  ]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${system.name}: ${stdout}`);
  const answered = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const bytes = system.name.startsWith('nginx') ? 0 : answered * body.length;
  await running.arrival(bytes);
  return {
    cpuNs: (running.cpuMs * 1e6) / answered,
    rate: Number(/Requests\/sec:\s*([\d.]+)/.exec(stdout)?.[1]),
    lost: Math.max(bytes - running.arrived, 0),
  };
}

/** The systems take turns: A B C A B C …, after one round of each that does not count. */
export async function compare(
  { id, title, unit, systems }: Pick<Workload, 'id' | 'title' | 'unit'> & { systems: readonly System[] },
  rounds: number,
  sample: (system: System) => Promise<Sample>,
  progress: (text: string) => void,
): Promise<Comparison> {
  const results: Result[] = systems.map(({ name, kind, needs }) => ({
    system: name,
    kind,
    samples: [],
    ...(needs !== undefined && !isHere(needs.program) && { missing: `needs ${needs.package}` }),
  }));
  for (let round = 0; round < rounds; round++) {
    for (const [index, system] of systems.entries()) {
      const result = results[index];
      if (result === undefined || result.missing !== undefined) continue;
      progress(`${id} ${title}: ${system.name}, ${round + 1} of ${rounds}`);
      try {
        result.samples.push(await sample(system));
      } catch (error) {
        result.missing = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
      }
    }
  }
  return { id, title, unit, results };
}

export function typical(result: Result, figure: keyof Sample): number {
  return median(result.samples.map((sample) => sample[figure]));
}
