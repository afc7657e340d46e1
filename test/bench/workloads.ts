import type { Destination } from './running.js';
import * as systems from './systems.js';
import type { System } from './systems.js';

/** What every system of a comparison is made to do. */
export interface Workload {
  id: string;
  title: string;
  /** What is counted, in the singular. */
  unit: 'GiB' | 'message' | 'connection' | 'request';
  destination: Destination;
  systems: System[];
  /** The load generator, and its arguments beside the port. */
  load: { program: string; args: string[] };
  /** Bytes that have to arrive. */
  bytes: number;
  units: number;
}

export interface Volume {
  bulkBytes: number;
  messages: number;
  connections: number;
}

/** BENCH.md's own figures, and what fits a CI job. */
export const full: Volume = { bulkBytes: 500 * 2 ** 20, messages: 800_000, connections: 40_000 };
export const quick: Volume = { bulkBytes: 64 * 2 ** 20, messages: 160_000, connections: 8_000 };

const gibibyte = 2 ** 30;
const senders = 8;

const { sink, http, socat, ncat, nodeNet, nodeCluster, nodeClusterNone, nodeHttp, nginx } = systems;
const { spliceLimit, copyLimit, acceptLimit } = systems;

function bulk(id: string, title: string, destination: Destination, compared: System[], each: number): Workload {
  return {
    id,
    title,
    unit: 'GiB',
    destination,
    systems: compared,
    load: { program: 'load_bulk', args: [`connections=${senders}`, `bytes=${each}`] },
    bytes: senders * each,
    units: (senders * each) / gibibyte,
  };
}

function messages(connections: number, count: number): Workload {
  return {
    id: `W2-${connections}`,
    title: `messages of 200 bytes on ${connections} connections`,
    unit: 'message',
    destination: 'pipe',
    systems: [sink, spliceLimit, copyLimit, ncat, nodeNet, nodeCluster, socat],
    load: { program: 'load_messages', args: [`connections=${connections}`, 'size=200', `messages=${count}`] },
    bytes: 200 * count,
    units: count,
  };
}

export function workloads({ bulkBytes, messages: count, connections }: Volume): Workload[] {
  return [
    bulk(
      'W1',
      'bulk into a pipe',
      'pipe',
      [sink, spliceLimit, copyLimit, socat, ncat, nodeNet, nodeCluster],
      bulkBytes,
    ),
    bulk('W1f-file', 'bulk into a file', 'file', [sink, spliceLimit, copyLimit, socat, nodeNet], bulkBytes),
    bulk('W1f-append', 'bulk into a file in append mode', 'append', [sink, copyLimit, socat, nodeNet], bulkBytes),
    bulk('W1f-null', 'bulk into /dev/null', 'null', [sink, spliceLimit, copyLimit, socat], bulkBytes),
    messages(8, count),
    messages(200, count),
    {
      id: 'W3',
      title: 'connections of 16 bytes',
      unit: 'connection',
      destination: 'pipe',
      systems: [sink, acceptLimit, ncat, nodeCluster, nodeClusterNone, nodeNet, socat],
      load: { program: 'load_connects', args: [`connections=${connections}`, 'inflight=64', 'bytes=16'] },
      bytes: 16 * connections,
      units: connections,
    },
  ];
}

/** Requests by wrk, for so many seconds. */
export const requests = {
  id: 'W5',
  title: 'POST requests of 200 bytes on 64 connections',
  unit: 'request',
  systems: [http, nginx, nodeHttp],
} as const;
