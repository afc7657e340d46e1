import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Sample, Workload } from './comparing.js';
import { cost, costs } from './costs.js';
import { printed } from './programs.js';
import { Running } from './running.js';
import { against, http, nginx, nodeHttp, type System } from './systems.js';

const body = `${'x'.repeat(199)}\n`;

async function measure(system: System, seconds: number): Promise<Sample> {
  await using running = await Running.start(system, 'pipe');
  const script = join(running.folder, 'post.lua');
  writeFileSync(script, `wrk.method = "POST"\nwrk.body = ${JSON.stringify(body)}\n`);
  const report = await printed('wrk', [
    ...['--threads', '1', '--connections', '64', '--duration', `${seconds}s`, '--script', script],
    `http://127.0.0.1:${running.port}/`,
  ]);
  if (/Non-2xx|Socket errors/.test(report)) throw new Error(`${system.name}: ${report}`);
  const answered = Number(/(\d+) requests in/.exec(report)?.[1]);
  const rate = Number(/Requests\/sec:\s*([\d.]+)/.exec(report)?.[1]);
  const bytes = system === nginx ? 0 : answered * body.length;
  await running.arrival(bytes);
  return {
    figures: cost('request', answered, running.cpuSeconds, answered / rate),
    lost: Math.max(bytes - running.arrived, 0),
  };
}

/** W5: by wrk, for so many seconds. */
export function requests(seconds: number): Workload {
  const wrk = { name: 'wrk', package: 'wrk' };
  return {
    id: 'W5',
    title: 'POST requests of 200 bytes on 64 connections',
    figures: costs('request'),
    contenders: against([http, nginx, nodeHttp], (system) => measure(system, seconds)).map((contender) => ({
      ...contender,
      needs: [wrk, ...(contender.needs ?? [])],
    })),
  };
}
