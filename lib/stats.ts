/** The counters of a worker, or of the pool. A restart of the worker does not reset them. */
export interface Counters {
  /** Connections accepted. */
  accepted: number;
  /** Connections open now. */
  active: number;
  /** Connections ended. */
  closed: number;
  /** Connections closed at once because no descriptor was free. */
  refused: number;
  /** Connections that ended with an error, or with their worker. */
  errors: number;
  /** Connections refused, or ended with an error, because the worker was out of memory. */
  outOfMemory: number;
  /** Connections closed by the idle timeout. */
  idleTimeouts: number;
  /** Connections closed by the first byte timeout. */
  firstByteTimeouts: number;
  /** Connections closed by the request timeout. */
  requestTimeouts: number;
  /** Connections closed at their max age. */
  maxAgeTimeouts: number;
  /** Requests refused because their body arrived too slowly. */
  paceTimeouts: number;
  /** Connections closed because two workers in a row crashed at them. */
  poisoned: number;
  /** Requests answered. */
  requests: number;
  /** Requests answered with an error. */
  rejected: number;
  /** Bodies that were delivered in part only: the drain timeout was reached, or a worker died, perhaps after the whole body. */
  torn: number;
  /** Bytes read from clients; with `http`, of their bodies. */
  bytesIn: number;
  /** Bytes written to the output; with `echo`, sent back to clients. */
  bytesOut: number;
  /** Bytes read and discarded because of their client: it disconnected, reached a timeout, or was refused. */
  bytesDiscarded: number;
  /** Bytes read but not delivered: the output failed, the drain timeout was reached, or the worker was killed. */
  bytesDropped: number;
  /** Bytes sent before a stop and not read when the drain timeout was reached. */
  bytesUnread: number;
  /** Bytes that clients sent after a stop, or after their connection's timeout, and that were not read. */
  bytesLate: number;
  /** Replacements of ended workers. */
  restarts: number;
  /** Those of them that went on with the connections of the worker that died. */
  takeovers: number;
  /** Log records dropped because the host did not read them in time; in the total also those that it refused as malformed. */
  logDropped: number;
  /** How long the output was blocked, in ms. */
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
  /** The workers, by number. */
  workers: WorkerStats[];
  /** Sums over all workers, also those that have ended. */
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
  poisoned: 0,
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
  takeovers: 0,
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

/** The stats of a pool that has been started; one that has `ended` has no processes, whatever its page says. */
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
