import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { addon, type Aftermath, type Phase, type WorkerTable } from './addon.js';
import { Model, noReplacement, runs } from './worker_table_model.js';

const { backoff, maxWorkers } = addon;
const phases: Phase[] = ['empty', 'waiting', 'starting', 'ready', 'retiring'];

/** The table and its model side by side: each operation is done to both, where it is legal. */
class Pair {
  readonly table: WorkerTable = new addon.WorkerTable();
  readonly model = new Model();
  readonly #ended: number[] = [];
  #now = 5000;
  #pid = 100;

  wait(ms: number): void {
    this.#now += ms;
  }

  resize(target: number): void {
    if (this.model.stopped) return;
    assert.deepEqual(this.table.resize(target, this.#now), this.model.resize(target, this.#now));
  }

  fallBack(): void {
    if (this.model.stopped) return;
    assert.deepEqual(this.table.fallBack(this.#now), this.model.fallBack(this.#now));
  }

  stop(): void {
    this.table.stop();
    this.model.stop();
  }

  start(): void {
    const slot = this.model.due(this.#now);
    if (slot === undefined) return;
    this.#pid += 1;
    this.table.started(slot, this.#pid, this.#now);
    this.model.started(slot, this.#pid, this.#now);
  }

  failStart(): void {
    const slot = this.model.due(this.#now);
    if (slot === undefined) return;
    assert.deepEqual(this.table.startFailed(slot, this.#now), this.model.startFailed(slot, this.#now));
  }

  ready(pick: number): void {
    const slot = this.#running(pick);
    if (slot === undefined) return;
    this.table.ready(slot);
    this.model.ready(slot);
  }

  end(pick: number): void {
    const slot = this.#running(pick);
    if (slot === undefined) return;
    this.#ended.push(this.model.slots[slot]!.pid);
    assert.deepEqual(this.table.ended(slot, this.#now), this.model.ended(slot, this.#now));
  }

  assertEqual(): void {
    const { table, model } = this;
    for (const [slot, entry] of model.slots.entries()) {
      const actual = table.at(slot);
      if (entry.phase === 'empty') assert.equal(actual.phase, 'empty');
      else assert.deepEqual(actual, entry);
      if (runs(entry)) assert.equal(table.slotOf(entry.pid), slot);
    }
    for (const pid of this.#ended) assert.equal(table.slotOf(pid), undefined);
    // Slots that only one of them has would show here.
    for (const phase of phases.slice(1)) {
      assert.equal(table.count(phase), model.where((entry) => entry.phase === phase).length);
    }
    assert.deepEqual(table.alive(), model.where(runs));
    assert.equal(table.due(this.#now), model.due(this.#now));
    assert.equal(table.nextWakeMs(), model.nextWakeMs());
    assert.equal(table.target, model.target);
    assert.equal(table.standing, model.standing);
    assert.equal(table.hopeless, model.hopeless());
    assert.equal(table.shortOfWorkers, model.shortOfWorkers());
    const members = table.count('waiting') + table.count('starting') + table.count('ready');
    if (model.stopped) assert.equal(table.count('waiting'), 0);
    else assert.equal(members, table.target);
  }

  #running(pick: number): number | undefined {
    const slots = this.model.where(runs);
    return slots[pick % slots.length];
  }
}

type Step = (pair: Pair) => void;

const step = {
  resize: fc.nat(7).map((target): Step => (pair) => {
    pair.resize(target);
  }),
  fallBack: fc.constant<Step>((pair) => {
    pair.fallBack();
  }),
  start: fc.constant<Step>((pair) => {
    pair.start();
  }),
  failStart: fc.constant<Step>((pair) => {
    pair.failStart();
  }),
  ready: fc.nat().map((pick): Step => (pair) => {
    pair.ready(pick);
  }),
  end: fc.nat().map((pick): Step => (pair) => {
    pair.end(pick);
  }),
  wait: fc.nat(2 * backoff.youngMs).map((ms): Step => (pair) => {
    pair.wait(ms);
  }),
};

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: step.resize },
    { weight: 1, arbitrary: step.fallBack },
    { weight: 8, arbitrary: step.start },
    { weight: 2, arbitrary: step.failStart },
    { weight: 5, arbitrary: step.ready },
    { weight: 5, arbitrary: step.end },
    { weight: 4, arbitrary: step.wait },
  ),
  { maxLength: 150, size: 'max' },
);

test('any legal run goes as the model says, with as many workers as there shall be', () => {
  fc.assert(
    fc.property(steps, (run) => {
      const pair = new Pair();
      for (const take of run) {
        take(pair);
        pair.assertEqual();
      }
    }),
    { numRuns: 300 },
  );
});

test('after a stop at any time nobody is started or replaced, and the last end empties the table', () => {
  fc.assert(
    fc.property(steps, steps, (before, after) => {
      const pair = new Pair();
      for (const take of before) take(pair);
      pair.stop();
      for (const take of after) {
        take(pair);
        pair.assertEqual();
      }
      while (pair.table.alive().length > 0) pair.end(0);
      pair.assertEqual();
      assert.equal(pair.table.nextWakeMs(), undefined);
    }),
  );
});

/** A table whose only worker waits for its start at time 0. */
function tableOfOne(): WorkerTable {
  const table = new addon.WorkerTable();
  table.resize(1, 0);
  return table;
}

/** Starts the worker when it is due, and ends it after `life`. Returns when it ended, and what follows. */
function live(table: WorkerTable, life: number, becomesReady: boolean): { now: number; after: Aftermath } {
  const start = table.nextWakeMs()!;
  table.started(0, 100, start);
  if (becomesReady) table.ready(0);
  return { now: start + life, after: table.ended(0, start + life) };
}

test('a worker that dies young again and again waits longer and longer, until it has lived once', () => {
  const table = tableOfOne();
  const delays = Array.from({ length: 12 }, () => live(table, backoff.youngMs - 1, true).after.delayMs);
  assert.deepEqual(delays, [0, 10, 20, 40, 80, 160, 320, 640, 1000, 1000, 1000, 1000]);
  assert.equal(live(table, backoff.youngMs, true).after.delayMs, 0);
  assert.equal(live(table, 0, true).after.delayMs, 0);
  assert.equal(live(table, 0, true).after.delayMs, 10);
});

test('a worker is due when its delay is over, and not before', () => {
  const table = tableOfOne();
  live(table, 0, true);
  const { now, after } = live(table, 0, true);
  assert.ok(after.delayMs > 0);
  assert.equal(table.due(now + after.delayMs - 1), undefined);
  assert.equal(table.due(now + after.delayMs), 0);
});

test('a slot is given up after so many starts in a row that never came as far as accepting', () => {
  for (const failure of ['dies before it is ready', 'cannot be started']) {
    const table = tableOfOne();
    const fail = (): Aftermath =>
      failure === 'cannot be started' ? table.startFailed(0, table.nextWakeMs()!) : live(table, 0, false).after;
    for (let count = 1; count < backoff.giveUpAfter; count += 1) assert.equal(fail().givenUp, false);
    assert.equal(fail().givenUp, true);
  }
});

/** A table with ready workers in the first slots; the others wait, and cannot be started. */
function tableWith(ready: number, waiting: number): WorkerTable {
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

test('there is hope as long as a worker runs, or one can still be tried', () => {
  const table = tableWith(1, 2);
  assert.equal(table.hopeless, false);
  for (let count = 1; count < backoff.giveUpAfter; count += 1) {
    table.ended(0, 0);
    assert.equal(table.hopeless, false);
    table.startFailed(0, 0);
  }
  assert.equal(table.hopeless, false);
  table.startFailed(0, 0);
  assert.equal(table.hopeless, true);
  table.started(1, 200, 0);
  assert.equal(table.hopeless, false);
});

test('a resize that cannot be reached can be taken back: the workers that ran before run on', () => {
  const table = tableWith(2, 3);
  table.started(3, 200, 0);
  table.ready(3);
  assert.equal(table.standing, 2);
  assert.deepEqual(table.fallBack(0), { retiring: [3], dropped: [4, 2] });
  assert.equal(table.target, 2);
  assert.equal(table.standing, undefined);
  assert.deepEqual(table.alive(), [0, 1, 3]);
  assert.equal(table.count('ready'), 2);
});

test('after several resizes none of which was reached, the size stands from before the first', () => {
  const table = tableWith(2, 3);
  table.resize(9, 0);
  table.resize(4, 0);
  assert.equal(table.standing, 2);
  table.resize(2, 0);
  assert.equal(table.standing, undefined, 'that many are ready');
});

test('of those that are too many the ones that do not run go first', () => {
  const table = tableWith(2, 1);
  table.started(2, 200, 0);
  table.ready(2);
  table.ended(0, 0);
  assert.deepEqual(table.resize(2, 0), { retiring: [], dropped: [0] });
  assert.deepEqual(table.alive(), [1, 2]);
});

test('one start that comes as far as accepting starts the count again', () => {
  const table = tableOfOne();
  for (let count = 1; count < backoff.giveUpAfter; count += 1) live(table, 0, false);
  assert.equal(live(table, 0, true).after.givenUp, false);
  for (let count = 1; count < backoff.giveUpAfter; count += 1) assert.equal(live(table, 0, false).after.givenUp, false);
  assert.equal(live(table, 0, false).after.givenUp, true);
});

test('a worker that retires before it is ready stays retiring, and its slot is free when it has ended', () => {
  const table = tableOfOne();
  table.started(0, 100, 0);
  assert.deepEqual(table.resize(0, 0), { retiring: [0], dropped: [] });
  table.ready(0);
  assert.equal(table.at(0).phase, 'retiring');
  assert.equal(table.slotOf(100), 0);
  assert.deepEqual(table.resize(1, 0), { retiring: [], dropped: [] });
  assert.equal(table.due(0), 1, 'the slot of one that still runs is not given away');
  assert.deepEqual(table.ended(0, 0), noReplacement);
  assert.equal(table.at(0).phase, 'empty');
});

test('after a stop no worker is started, even if the pool is resized', () => {
  const table = tableOfOne();
  table.stop();
  table.resize(2, 0);
  assert.equal(table.due(0), undefined);
});

test('however often the pool is resized, no slot lies beyond the stats page’s, and those that retire make room', () => {
  const table = new addon.WorkerTable();
  table.resize(maxWorkers, 0);
  for (let slot = 0; slot < maxWorkers; slot += 1) table.started(slot, 100 + slot, 0);
  table.resize(1, 0);
  table.resize(maxWorkers, 0);
  for (let slot = table.due(0); slot !== undefined; slot = table.due(0)) {
    assert.ok(slot < maxWorkers, `slot ${slot} of ${maxWorkers}`);
    table.started(slot, 10_000 + slot, 0);
  }
  assert.equal(table.count('retiring'), maxWorkers - 1);
  assert.deepEqual(table.ended(7, 0), noReplacement);
  assert.equal(table.due(0), 7);
});

test('after the stop a worker can be recruited into any slot that is free, and is not replaced', () => {
  const table: WorkerTable = new addon.WorkerTable();
  table.resize(2, 0);
  table.started(0, 10, 0);
  table.ready(0);
  table.stop();
  assert.equal(table.due(1000), undefined);
  assert.equal(table.recruit(1000), 1);
  table.started(1, 11, 1000);
  assert.equal(table.at(1).phase, 'starting');
  assert.equal(table.recruit(1000), 2);
  assert.deepEqual(table.startFailed(2, 1000), noReplacement);
  table.ended(1, 1001);
  assert.equal(table.recruit(1002), 1);
});
