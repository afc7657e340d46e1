import type { Workload } from './comparing.js';
import { cost, costs, type Unit } from './costs.js';
import { type Destination, load, Running } from './running.js';
import {
  acceptLoop,
  against,
  copyLoop,
  ncat,
  nodeCluster,
  nodeClusterNone,
  nodeNet,
  sink,
  socat,
  spliceLoop,
  type System,
} from './systems.js';

/** What clients send by a load generator, and has to come out of stdout. */
interface Transfer {
  id: string;
  title: string;
  unit: Unit;
  destination: Destination;
  systems: System[];
  /** The load generator, and its arguments beside the port. */
  load: [program: string, ...args: string[]];
  /** Bytes that have to arrive. */
  bytes: number;
  units: number;
}

const gibibyte = 2 ** 30;
const senders = 8;

function transfer({
  id,
  title,
  unit,
  destination,
  systems,
  load: [program, ...args],
  bytes,
  units,
}: Transfer): Workload {
  return {
    id,
    title,
    figures: costs(unit),
    contenders: against(systems, async (system) => {
      await using running = await Running.start(system, destination);
      const { seconds } = await load(program, [`port=${running.port}`, ...args]);
      await running.arrival(bytes);
      const arrived = Number.isNaN(running.arrived) ? bytes : running.arrived;
      return { figures: cost(unit, units, running.cpuSeconds, seconds), lost: bytes - arrived };
    }),
  };
}

function bulk(id: string, title: string, destination: Destination, systems: System[], each: number): Workload {
  return transfer({
    id,
    title,
    unit: 'GiB',
    destination,
    systems,
    load: ['load_bulk', `connections=${senders}`, `bytes=${each}`],
    bytes: senders * each,
    units: (senders * each) / gibibyte,
  });
}

/** W1 and W1f. */
export function bulks(each: number): Workload[] {
  const every = [sink, spliceLoop, copyLoop, socat, ncat, nodeNet, nodeCluster];
  return [
    bulk('W1', 'bulk into a pipe', 'pipe', every, each),
    bulk('W1f-file', 'bulk into a file', 'file', [sink, spliceLoop, copyLoop, socat, nodeNet], each),
    bulk('W1f-append', 'bulk into a file in append mode', 'append', [sink, copyLoop, socat, nodeNet], each),
    bulk('W1f-null', 'bulk into /dev/null', 'null', [sink, spliceLoop, copyLoop, socat], each),
  ];
}

/** W2. */
export function messages(connections: number, count: number): Workload {
  return transfer({
    id: `W2-${connections}`,
    title: `messages of 200 bytes on ${connections} connections`,
    unit: 'message',
    destination: 'pipe',
    systems: [sink, spliceLoop, copyLoop, ncat, nodeNet, nodeCluster, socat],
    load: ['load_messages', `connections=${connections}`, 'size=200', `messages=${count}`],
    bytes: 200 * count,
    units: count,
  });
}

/** W3; socat takes a quarter of a millisecond for each. */
export function connections(count: number, withSocat: boolean): Workload {
  return transfer({
    id: 'W3',
    title: 'connections of 16 bytes',
    unit: 'connection',
    destination: 'pipe',
    systems: [sink, acceptLoop, ncat, nodeCluster, nodeClusterNone, nodeNet, ...(withSocat ? [socat] : [])],
    load: ['load_connects', `connections=${count}`, 'inflight=64', 'bytes=16'],
    bytes: 16 * count,
    units: count,
  });
}
