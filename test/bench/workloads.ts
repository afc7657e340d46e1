import type { Workload } from './comparing.js';
import { requests } from './requests.js';
import { bulks, connections, messages } from './transfers.js';

export interface Volume {
  bulkBytes: number;
  messages: number;
  connections: number;
  requestSeconds: number;
  /** With peers that take very long. */
  patient: boolean;
}

/** BENCH.md's own figures, and what fits a CI job. */
export const full: Volume = {
  bulkBytes: 500 * 2 ** 20,
  messages: 800_000,
  connections: 40_000,
  requestSeconds: 5,
  patient: true,
};
export const quick: Volume = {
  bulkBytes: 64 * 2 ** 20,
  messages: 160_000,
  connections: 8_000,
  requestSeconds: 2,
  patient: false,
};

export function workloads(volume: Volume): Workload[] {
  return [
    ...bulks(volume.bulkBytes),
    messages(8, volume.messages),
    messages(200, volume.messages),
    connections(volume.connections, volume.patient),
    requests(volume.requestSeconds),
  ];
}
