import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { addon, type Dispatcher } from './addon.js';

const patience = addon.patienceMs;
const most = addon.maxTokens;
const workers = 6;

/** What dispatcher.h says, in a few plain lines. */
class Model {
  readonly #members = new Set<number>();
  readonly #tokens = new Map<number, { count: number; since: number }>();
  #highest = -1;
  #turn = 0;

  add(worker: number): void {
    this.#members.add(worker);
    this.#highest = Math.max(this.#highest, worker);
  }

  remove(worker: number): void {
    this.#members.delete(worker);
    this.#tokens.delete(worker);
  }

  reported(worker: number, now: number): void {
    const tokens = this.#tokens.get(worker);
    if (tokens === undefined) return;
    if (tokens.count === 1) this.#tokens.delete(worker);
    else this.#tokens.set(worker, { count: tokens.count - 1, since: now });
  }

  next(now: number): number | undefined {
    const inTurn = [...this.#members].sort((a, b) => this.#distance(a) - this.#distance(b));
    const worker = inTurn.find((member) => !this.#overdue(member, now));
    if (worker === undefined || this.tokensOf(worker) === most) return undefined;
    const { count, since } = this.#tokens.get(worker) ?? { count: 0, since: now };
    this.#tokens.set(worker, { count: count + 1, since });
    this.#turn = worker < this.#highest ? worker + 1 : 0;
    return worker;
  }

  inFlight(now: number): number {
    const fresh = [...this.#tokens.keys()].filter((worker) => !this.#overdue(worker, now));
    return fresh.map((worker) => this.tokensOf(worker)).reduce((sum, count) => sum + count, 0);
  }

  nextOverdueMs(now: number): number | undefined {
    const due = [...this.#tokens.values()].map(({ since }) => since + patience).filter((time) => time > now);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  has(worker: number): boolean {
    return this.#members.has(worker);
  }

  tokensOf(worker: number): number {
    return this.#tokens.get(worker)?.count ?? 0;
  }

  /** Someone could take a connection, and nobody whose token is fresh is to be waited for. */
  mustGive(now: number): boolean {
    return this.inFlight(now) === 0 && [...this.#members].some((worker) => !this.#tokens.has(worker));
  }

  #distance(worker: number): number {
    return worker >= this.#turn ? worker - this.#turn : worker - this.#turn + this.#highest + 1;
  }

  #overdue(worker: number, now: number): boolean {
    const tokens = this.#tokens.get(worker);
    return tokens !== undefined && now >= tokens.since + patience;
  }
}

const operation = fc.record({
  kind: fc.constantFrom('add', 'remove', ...Array<'next'>(12).fill('next'), 'report', 'report', 'wait'),
  worker: fc.nat(workers - 1),
  ms: fc.nat(patience + 5),
});

test('any run of adding, removing, giving and reporting goes as the model says', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 400, size: 'max' }), (operations) => {
      const dispatcher = new addon.Dispatcher();
      const model = new Model();
      let now = 1000;
      for (const { kind, worker, ms } of operations) {
        if (kind === 'wait') now += ms;
        if (kind === 'add' && !model.has(worker)) {
          dispatcher.add(worker);
          model.add(worker);
        }
        if (kind === 'remove') {
          dispatcher.remove(worker);
          model.remove(worker);
        }
        if (kind === 'report') {
          dispatcher.reported(worker, now);
          model.reported(worker, now);
        }
        if (kind === 'next') assertGives(dispatcher, model, now);
        assert.equal(dispatcher.inFlight(now), model.inFlight(now));
        assert.equal(dispatcher.nextOverdueMs(now), model.nextOverdueMs(now));
      }
    }),
    { numRuns: 500 },
  );
});

function assertGives(dispatcher: Dispatcher, model: Model, now: number): void {
  const mustGive = model.mustGive(now);
  const given = dispatcher.next(now);
  if (given === undefined) {
    assert.equal(mustGive, false, 'a worker is free, but gets no token');
  } else {
    assert.ok(model.has(given), 'a worker that is not there gets a token');
    assert.ok(model.tokensOf(given) < most, 'a worker gets too many tokens');
  }
  assert.equal(given, model.next(now));
}

function dispatcherOf(members: number[]): Dispatcher {
  const dispatcher = new addon.Dispatcher();
  for (const worker of members) dispatcher.add(worker);
  return dispatcher;
}

const someWorkers = fc
  .uniqueArray(fc.nat(40), { minLength: 1, maxLength: 12 })
  .map((members) => members.sort((a, b) => a - b));

test('while every token is reported in time, the workers take turns strictly and their shares differ by at most one', () => {
  const steps = fc.array(fc.record({ report: fc.option(fc.nat()), ms: fc.nat(patience - 1) }), {
    maxLength: 100,
    size: 'max',
  });
  fc.assert(
    fc.property(someWorkers, steps, (members, sequence) => {
      const dispatcher = dispatcherOf(members);
      const shares = new Map(members.map((worker) => [worker, 0]));
      const held: number[] = [];
      let now = 0;
      let given = 0;
      for (const { report, ms } of sequence) {
        const worker = dispatcher.next(now);
        if (worker !== undefined) {
          assert.equal(worker, members[given % members.length]);
          given += 1;
          shares.set(worker, shares.get(worker)! + 1);
          held.push(worker);
        }
        const counts = [...shares.values()];
        assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);

        // Nobody's patience is tried: each holder reports one before it ends.
        const early = report === null ? [] : held.splice(report % Math.max(held.length, 1), 1);
        for (const holder of early) dispatcher.reported(holder, now);
        now += ms;
        for (const holder of new Set(held)) {
          dispatcher.reported(holder, now);
          held.splice(held.indexOf(holder), 1);
        }
      }
    }),
  );
});

test('a worker holds so many tokens, and then keeps its turn', () => {
  fc.assert(
    fc.property(someWorkers, (members) => {
      const dispatcher = dispatcherOf(members);
      for (let round = 0; round < most; round += 1) {
        for (const worker of members) assert.equal(dispatcher.next(0), worker);
      }
      assert.equal(dispatcher.next(0), undefined);
      assert.equal(dispatcher.inFlight(0), most * members.length);
      for (const worker of members.slice(1)) dispatcher.reported(worker, 0);
      assert.equal(dispatcher.next(0), undefined);
      dispatcher.reported(members[0]!, 0);
      for (const worker of members) assert.equal(dispatcher.next(0), worker);
      assert.equal(dispatcher.next(0), undefined);
    }),
  );
});

test('a worker whose token is overdue holds up nobody, and has its turns again once it has reported', () => {
  fc.assert(
    fc.property(someWorkers, fc.nat(), fc.integer({ min: 1, max: 5 }), (members, pick, rounds) => {
      fc.pre(members.length > 1);
      const dispatcher = dispatcherOf(members);
      const stuck = members[pick % members.length]!;
      const others = members.filter((worker) => worker !== stuck);
      let now = 0;
      const take = (): number | undefined => {
        const worker = dispatcher.next(now);
        if (worker !== undefined && worker !== stuck) dispatcher.reported(worker, now);
        return worker;
      };

      const after = [...members, ...members].slice(members.indexOf(stuck) + 1).slice(0, others.length);
      for (const worker of members.slice(0, members.indexOf(stuck))) assert.equal(take(), worker);
      for (let round = 0; round < most; round += 1) {
        assert.equal(take(), stuck);
        for (const worker of after) assert.equal(take(), worker);
      }
      assert.equal(take(), undefined, 'its turn is not skipped as long as it may still report in time');
      now += patience;
      const taken = Array.from({ length: others.length * rounds }, take);
      assert.deepEqual(taken, Array.from({ length: rounds }, () => after).flat());

      dispatcher.reported(stuck, now);
      const round = Array.from({ length: members.length }, take);
      assert.deepEqual(
        round.toSorted((a, b) => a! - b!),
        members,
      );
    }),
  );
});

test('a worker that is removed with tokens in its hand holds up nobody', () => {
  const dispatcher = dispatcherOf([0, 1]);
  for (let given = 0; given < 2 * most; given += 1) assert.equal(dispatcher.next(0), given % 2);
  assert.equal(dispatcher.next(0), undefined);
  dispatcher.remove(0);
  dispatcher.reported(1, 0);
  assert.equal(dispatcher.inFlight(0), most - 1);
  assert.equal(dispatcher.next(0), 1);
});

test('a worker that takes a removed one’s place has tokens of its own', () => {
  const dispatcher = dispatcherOf([0]);
  for (let given = 0; given < most; given += 1) assert.equal(dispatcher.next(0), 0);
  dispatcher.remove(0);
  dispatcher.add(0);
  for (let given = 0; given < most; given += 1) assert.equal(dispatcher.next(0), 0);
  assert.equal(dispatcher.next(0), undefined);
});

test('without workers nobody gets a token', () => {
  const dispatcher = new addon.Dispatcher();
  assert.equal(dispatcher.next(0), undefined);
  dispatcher.remove(3);
  dispatcher.reported(3, 0);
  assert.equal(dispatcher.next(0), undefined);
  assert.equal(dispatcher.inFlight(0), 0);
  assert.equal(dispatcher.nextOverdueMs(0), undefined);
});
