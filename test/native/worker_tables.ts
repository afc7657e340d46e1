import { addon, type RestartPlan, type WorkerTable } from './addon.js';

const { backoff } = addon;

/** A table whose only worker waits for its start at time 0. */
export function tableOfOne(): WorkerTable {
  const table = new addon.WorkerTable();
  table.resize(1, 0);
  return table;
}

/** Starts the worker when it is due, and ends it after `life`. Returns when it ended, and what follows. */
export function live(table: WorkerTable, life: number, becomesReady: boolean): { now: number; after: RestartPlan } {
  const start = table.nextWakeMs()!;
  table.started(0, 100, start);
  if (becomesReady) table.ready(0);
  return { now: start + life, after: table.ended(0, start + life) };
}

/** A table with ready workers in the first slots; the others wait, and cannot be started. */
export function tableWith(ready: number, waiting: number): WorkerTable {
  const table = new addon.WorkerTable();
  table.resize(ready, 0);
  for (let slot = 0; slot < ready; slot += 1) {
    table.started(slot, 100 + slot, 0);
    table.ready(slot);
  }
  table.resize(ready + waiting, 0);
  for (let count = 0; count < backoff.giveUpAfter; count += 1) {
    for (let slot = ready; slot < ready + waiting; slot += 1) table.startFailed(slot, 0);
  }
  return table;
}
