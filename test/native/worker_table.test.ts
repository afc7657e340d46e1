import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { addon, type Phase, type WorkerTable } from './addon.js';
import { Model, runs } from './worker_table_model.js';

const { backoff } = addon;
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

  leave(pick: number): void {
    const slot = this.#running(pick);
    if (slot === undefined) return;
    assert.equal(this.table.leaving(slot, this.#now), this.model.leaving(slot, this.#now));
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
    assert.equal(table.previousTarget, model.previousTarget);
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
  leave: fc.nat().map((pick): Step => (pair) => {
    pair.leave(pick);
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
    { weight: 2, arbitrary: step.leave },
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
