import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { addon } from './addon.js';

const slots = 4;

/** A worker as it is: where it writes to, the order that waits in its channel, and when it may be asked again. */
interface Worker {
  at: number;
  order: number | undefined;
  wake: number;
}

/** The supervisor's side and its workers. Where stdout leads is the number of the last order. */
class Pool {
  readonly table = new addon.Reopening(slots);
  readonly workers = new Map<number, Worker>();
  now = 100;
  orders = 0;
  #told = 0;

  begin(): void {
    this.orders += 1;
    this.table.begin(this.orders, [...this.workers.keys()]);
    for (const worker of this.workers.values()) worker.wake = 0;
  }

  start(slot: number): void {
    if (!this.workers.has(slot)) this.workers.set(slot, { at: this.orders, order: undefined, wake: 0 });
  }

  end(slot: number): void {
    this.workers.delete(slot);
    this.table.ended(slot);
  }

  /** Asks whom the table names. */
  ask(fails: boolean): void {
    for (let slot = this.table.next(this.now); slot !== undefined; slot = this.table.next(this.now)) {
      const worker = this.workers.get(slot)!;
      assert.equal(worker.order, undefined, 'one order at a time');
      assert.notEqual(worker.at, this.orders, 'who is behind');
      assert.ok(worker.wake <= this.now);
      if (fails) {
        worker.wake = this.now + 50;
        this.table.postpone(slot, worker.wake);
      } else {
        worker.order = this.orders;
        this.table.told(slot);
      }
    }
  }

  obey(slot: number, fails: boolean): void {
    const worker = this.workers.get(slot);
    if (worker?.order === undefined) return;
    if (fails) {
      worker.wake = this.now + 50;
      this.table.postpone(slot, worker.wake);
    } else {
      worker.at = worker.order;
      this.table.switched(slot);
    }
    worker.order = undefined;
  }

  check(): void {
    const current = [...this.workers.values()].every(({ at }) => at === this.orders);
    const told = this.table.finished();
    assert.equal(told, current && this.#told < this.orders ? this.orders : undefined);
    this.#told = told ?? this.#told;
    const wakes = [...this.workers.values()].filter(({ at, order }) => at !== this.orders && order === undefined);
    if (wakes.length === 0) assert.equal(this.table.nextWakeMs(), undefined);
    else assert.ok(this.table.nextWakeMs()! <= Math.max(...wakes.map(({ wake }) => wake)));
  }
}

type Step = (pool: Pool) => void;
const slot = fc.nat(slots - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constant<Step>((pool) => {
    pool.begin();
  }),
  slot.map((which): Step => (pool) => {
    pool.start(which);
  }),
  slot.map((which): Step => (pool) => {
    pool.end(which);
  }),
  fc.boolean().map((fails): Step => (pool) => {
    pool.ask(fails);
  }),
  fc.tuple(slot, fc.boolean()).map(([which, fails]): Step => (pool) => {
    pool.obey(which, fails);
  }),
  fc.nat(100).map((ms): Step => (pool) => {
    pool.now += ms;
  }),
);

test('whatever comes meanwhile, it is finished when every worker writes to where stdout leads, and is said once', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (run) => {
      const pool = new Pool();
      for (const take of run) {
        take(pool);
        pool.check();
      }
      for (let round = 0; round < 3; round += 1) {
        pool.now += 100;
        pool.ask(false);
        for (let which = 0; which < slots; which += 1) pool.obey(which, false);
      }
      pool.check();
      for (const { at } of pool.workers.values()) assert.equal(at, pool.orders);
    }),
    { numRuns: 500 },
  );
});
