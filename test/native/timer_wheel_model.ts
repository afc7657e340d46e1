import assert from 'node:assert/strict';

import fc from 'fast-check';

import { addon, type TimerWheel } from './addon.js';

const { never } = addon;

/** What timer_wheel.h says, in a few plain lines. */
export class Model {
  now: bigint;
  /** By the tick at which the wheel has to expire them. */
  #sorted: { timer: number; due: bigint }[] = [];

  constructor(now: bigint) {
    this.now = now;
  }

  get count(): number {
    return this.#sorted.length;
  }

  get earliest(): bigint | undefined {
    return this.#sorted[0]?.due;
  }

  dueOf(timer: number): bigint | undefined {
    return this.#sorted.find((entry) => entry.timer === timer)?.due;
  }

  set(timer: number, expires: bigint): void {
    this.cancel(timer);
    this.#sorted.push({ timer, due: expires > this.now ? expires : this.now + 1n });
    this.#sorted.sort((a, b) => (a.due < b.due ? -1 : 1));
  }

  cancel(timer: number): void {
    this.#sorted = this.#sorted.filter((entry) => entry.timer !== timer);
  }
}

export interface Change {
  kind: 'set' | 'cancel';
  /** -1 is the one that expires, or else 0. */
  timer: number;
  after: bigint;
}

export const timers = 8;

const spans = fc.oneof(
  fc.bigInt({ min: 0n, max: 3n }),
  fc.bigInt({ min: 0n, max: 200n }),
  fc.bigInt({ min: 0n, max: 300_000n }),
  fc
    .tuple(fc.integer({ min: 0, max: 63 }), fc.bigInt({ min: -2n, max: 2n }))
    .map(([bits, more]) => (1n << BigInt(bits)) + more),
  fc.bigInt({ min: 0n, max: never }),
);

/** May be in the past. */
export const spansEitherWay = fc.oneof(
  { weight: 4, arbitrary: spans },
  { weight: 1, arbitrary: spans.map((span) => -span) },
);

export const startTimes = fc
  .oneof(
    fc.constant(0n),
    spans,
    spans.map((span) => never - span),
  )
  .map(clamp);

export const changes = fc.record<Change>({
  kind: fc.constantFrom('set', 'set', 'cancel'),
  timer: fc.integer({ min: -1, max: timers - 1 }),
  after: spansEitherWay,
});

export function clamp(time: bigint): bigint {
  if (time < 0n) return 0n;
  return time < never ? time : never;
}

/** Does the same to both. */
export function change(wheel: TimerWheel, model: Model, { kind, timer, after }: Change, expired = 0): void {
  const which = timer < 0 ? expired : timer;
  if (kind === 'cancel') {
    wheel.cancel(which);
    model.cancel(which);
  } else {
    const expires = clamp(model.now + after);
    wheel.set(which, expires);
    model.set(which, expires);
  }
  assert.equal(wheel.pending(which) ? wheel.expires(which) : undefined, model.dueOf(which));
}

/** Each timer that expires makes one of the changes, as long as there are any. */
export function advance(wheel: TimerWheel, model: Model, to: bigint, reactions: Change[]): void {
  if (to > model.now) model.now = to < never ? to : never - 1n;
  const waiting = [...reactions];
  wheel.advance(to, (timer) => {
    const due = model.dueOf(timer);
    assert.ok(due !== undefined, 'a timer expires that is not pending');
    assert.ok(due <= model.now, 'a timer expires early');
    assert.equal(wheel.pending(timer), false);
    model.cancel(timer);
    const reaction = waiting.shift();
    if (reaction !== undefined) change(wheel, model, reaction, timer);
    assert.ok(wheel.consistent());
    assert.equal(wheel.count, model.count);
  });
  assert.ok(model.earliest === undefined || model.earliest > model.now, 'a timer that is due does not expire');
}

export function assertAgree(wheel: TimerWheel, model: Model): void {
  assert.ok(wheel.consistent());
  assert.equal(wheel.now, model.now);
  assert.equal(wheel.count, model.count);
  const next = wheel.next();
  assert.equal(next === undefined, model.count === 0);
  if (next === undefined) return;
  assert.ok(next > model.now);
  assert.ok(next <= model.earliest!);
}
