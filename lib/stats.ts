/** What is counted for each worker and for the pool. Counters go on over restarts. */
export interface Counters {
  /** Connections taken. */
  accepted: number;
  /** Connections open now. */
  active: number;
  /** Connections ended. */
  closed: number;
  /** Connections closed at once for want of a descriptor. */
  refused: number;
  /** Connections that ended with an error, or with their worker. */
  errors: number;
  /** Connections refused, or ended with an error, because the worker was out of memory. */
  outOfMemory: number;
  /** Connections closed because they were silent for too long. */
  idleTimeouts: number;
  /** Connections closed because they did not begin in time. */
  firstByteTimeouts: number;
  /** Connections closed because a request took too long. */
  requestTimeouts: number;
  /** Connections closed at their greatest age. */
  maxAgeTimeouts: number;
  /** Requests refused because their body came too slowly. */
  paceTimeouts: number;
  /** Requests answered. */
  requests: number;
  /** Requests answered with an error. */
  rejected: number;
  /** Bodies that were delivered in part only: a stop's time was over, or a worker died, perhaps just behind the whole. */
  torn: number;
  /** Bytes read from clients; with `http`, of their bodies. */
  bytesIn: number;
  /** Bytes that the output took, or the clients that get them back. */
  bytesOut: number;
  /** Bytes read and not passed on because of their client: it broke off, took too long, or was refused. */
  bytesDiscarded: number;
  /** Bytes read but not delivered: the output broke, the drain's time was over, or the worker was killed. */
  bytesDropped: number;
  /** Bytes sent before a stop and not read when the drain's time was over. */
  bytesUnread: number;
  /** Bytes that clients still sent after a stop, or after their connection's time, and nobody read. */
  bytesLate: number;
  /** Replacements of ended workers. */
  restarts: number;
  /** Log records dropped because the host did not take them in time; in the total, also those it refused as malformed. */
  logDropped: number;
  /** Time during which the output took no more, in ms. */
  stalledMs: number;
}

/** A worker's slot of the stats page, as the addon reads it. */
export interface StatsSlot extends Counters {
  worker: number;
  /** 0: the slot has no process. */
  pid: number;
  state: 'unused' | 'starting' | 'ready' | 'draining' | 'retiring' | 'waiting' | 'unknown';
}

/** The stats page that supervisor and workers keep in shared memory, as the addon reads it. */
export interface StatsPage {
  state: 'starting' | 'running' | 'draining' | 'ended' | 'unknown';
  /** Log records that the supervisor and the host dropped. */
  logDropped: number;
  workers: StatsSlot[];
}

export interface WorkerStats extends Counters {
  /** The worker's number in the pool. */
  worker: number;
  /** Its process, or null while it has none. */
  pid: number | null;
  state: 'starting' | 'ready' | 'draining' | 'retiring' | 'waiting' | 'ended' | 'unknown';
}

export interface PoolStats {
  state: 'idle' | StatsPage['state'];
  /** The supervisor's process, or null while there is none. */
  pid: number | null;
  /** The workers there are, in order. */
  workers: WorkerStats[];
  /** Sums over all workers that there ever were. */
  total: Counters;
}

const zeroCounters: Counters = {
  accepted: 0,
  active: 0,
  closed: 0,
  refused: 0,
  errors: 0,
  outOfMemory: 0,
  idleTimeouts: 0,
  firstByteTimeouts: 0,
  requestTimeouts: 0,
  maxAgeTimeouts: 0,
  paceTimeouts: 0,
  requests: 0,
  rejected: 0,
  torn: 0,
  bytesIn: 0,
  bytesOut: 0,
  bytesDiscarded: 0,
  bytesDropped: 0,
  bytesUnread: 0,
  bytesLate: 0,
  restarts: 0,
  logDropped: 0,
  stalledMs: 0,
};

function sum({ workers, logDropped }: StatsPage): Counters {
  const total = { ...zeroCounters, logDropped };
  for (const worker of workers) {
    for (const name of Object.keys(zeroCounters) as (keyof Counters)[]) total[name] += worker[name];
  }
  return total;
}

/** The stats of a pool that has not been started. */
export function idleStats(): PoolStats {
  return { state: 'idle', pid: null, workers: [], total: { ...zeroCounters } };
}

/** A reading of the stats page; an `ended` pool has no processes whatever its page still says. */
export function poolStats(page: StatsPage, pid: number, ended: boolean): PoolStats {
  const present = page.workers.filter(({ state }) => state !== 'unused' || ended);
  return {
    state: ended ? 'ended' : page.state,
    pid: ended ? null : pid,
    workers: present.map((worker) => ({
      ...worker,
      pid: ended || worker.pid === 0 ? null : worker.pid,
      state: ended || worker.state === 'unused' ? 'ended' : worker.state,
    })),
    total: sum(page),
  };
}
