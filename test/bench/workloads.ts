import type { Comparison, Workload } from './comparing.js';
import { besideIdle, idle } from './idle.js';
import { latencyUnderLoad, latencyWhenIdle } from './latency.js';
import { life } from './life.js';
import { requests } from './requests.js';
import { timers } from './timers.js';
import { bulks, connections, messages } from './transfers.js';

export interface Volume {
  bulkBytes: number;
  messages: number;
  connections: number;
  requestSeconds: number;
  idle: number[];
  timers: number;
  singleMessages: number;
  /** In percent of our peak rate. */
  latencyLoads: number[];
  latencySeconds: number;
  /** With peers that take very long. */
  patient: boolean;
}

/** The whole benchmark, and what fits a CI job. */
export const full: Volume = {
  bulkBytes: 500 * 2 ** 20,
  messages: 800_000,
  connections: 40_000,
  requestSeconds: 5,
  idle: [1_000, 10_000, 60_000],
  timers: 1_000_000,
  singleMessages: 5_000,
  latencyLoads: [10, 25, 50, 75, 90],
  latencySeconds: 3,
  patient: true,
};
export const quick: Volume = {
  bulkBytes: 64 * 2 ** 20,
  messages: 160_000,
  connections: 8_000,
  requestSeconds: 2,
  idle: [10_000],
  timers: 100_000,
  singleMessages: 1_000,
  latencyLoads: [50],
  latencySeconds: 1,
  patient: false,
};

/** In the order of a run; `measured` fills as it goes. */
export function workloads(volume: Volume, measured: Comparison[]): Workload[] {
  return [
    ...bulks(volume.bulkBytes),
    messages(8, volume.messages),
    messages(200, volume.messages),
    connections(volume.connections, volume.patient),
    ...volume.idle.map(idle),
    besideIdle(volume.messages, Math.max(...volume.idle)),
    requests(volume.requestSeconds),
    life(),
    timers(volume.timers),
    latencyWhenIdle(volume.singleMessages),
    ...volume.latencyLoads.map((percent) => latencyUnderLoad(percent, volume.latencySeconds, measured)),
  ];
}
