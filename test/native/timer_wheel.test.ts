import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { addon, type TimerWheel } from './addon.js';
import {
  advance,
  assertAgree,
  change,
  changes,
  clamp,
  Model,
  spansEitherWay,
  startTimes,
  timers,
} from './timer_wheel_model.js';

const { never } = addon;

function expiredBy(wheel: TimerWheel, now: bigint): number[] {
  const expired: number[] = [];
  wheel.advance(now, (timer) => expired.push(timer));
  return expired.sort((a, b) => a - b);
}

const operation = fc.oneof(
  { weight: 3, arbitrary: changes },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('advance', 'to next'),
      after: spansEitherWay,
      reactions: fc.array(changes, { maxLength: 6 }),
    }),
  },
);

test('any run of setting, cancelling and advancing goes as the model says, whatever the timers’ callbacks set and cancel', () => {
  fc.assert(
    fc.property(startTimes, fc.array(operation, { maxLength: 80, size: 'max' }), (start, operations) => {
      const wheel = new addon.TimerWheel(timers, start);
      const model = new Model(wheel.now);
      for (const operation of operations) {
        if ('reactions' in operation) {
          const to = (operation.kind === 'to next' ? wheel.next() : undefined) ?? clamp(model.now + operation.after);
          advance(wheel, model, to, operation.reactions);
        } else {
          change(wheel, model, operation);
        }
        assertAgree(wheel, model);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a timer expires at its tick and not before, whether it was renewed to an earlier or a later one', () => {
  fc.assert(
    fc.property(startTimes, fc.array(spansEitherWay, { minLength: 1 }), (start, spans) => {
      const wheel = new addon.TimerWheel(1, start);
      for (const span of spans) wheel.set(0, clamp(wheel.now + span));
      const expires = clamp(wheel.now + spans.at(-1)!);
      const due = expires > wheel.now ? expires : wheel.now + 1n;
      assert.deepEqual(expiredBy(wheel, due - 1n), []);
      assert.deepEqual(expiredBy(wheel, due), due === never ? [] : [0]);
      assert.ok(wheel.consistent());
    }),
  );
});

test('a timer that is renewed again and again expires a full timeout after the last time', () => {
  const timeout = 60_000n;
  const wheel = new addon.TimerWheel(1, 12_345n);
  for (let renewed = 0; renewed < 2000; renewed += 1) {
    wheel.set(0, wheel.now + timeout);
    assert.deepEqual(expiredBy(wheel, wheel.now + 997n), []);
    assert.ok(wheel.consistent());
  }
  const last = wheel.now - 997n;
  assert.deepEqual(expiredBy(wheel, last + timeout - 1n), []);
  assert.deepEqual(expiredBy(wheel, last + timeout), [0]);
});

test('whoever advances only when next() says so, comes to a timer on time and after at most one step per level', () => {
  fc.assert(
    fc.property(startTimes, spansEitherWay, (start, span) => {
      const wheel = new addon.TimerWheel(1, start);
      const expires = clamp(wheel.now + span);
      fc.pre(expires > wheel.now && expires < never);
      wheel.set(0, expires);
      let steps = 0;
      while (wheel.pending(0)) {
        assert.ok((steps += 1) <= 11);
        expiredBy(wheel, wheel.next()!);
      }
      assert.equal(wheel.now, expires);
    }),
  );
});

test('a timer may cancel others that are due with it', () => {
  const wheel = new addon.TimerWheel(5, 0n);
  for (const timer of [0, 1, 2, 3, 4]) wheel.set(timer, timer < 3 ? 10n : 100n);
  const expired: number[] = [];
  wheel.advance(1000n, (timer) => {
    expired.push(timer);
    for (const other of [0, 1, 2, 3, 4]) wheel.cancel(other);
    assert.ok(wheel.consistent());
  });
  assert.equal(expired.length, 1);
  assert.equal(wheel.count, 0);
  assert.equal(wheel.next(), undefined);
});

test('a timer may renew others that are due with it, and those are not due any more', () => {
  const wheel = new addon.TimerWheel(3, 0n);
  for (const timer of [0, 1, 2]) wheel.set(timer, 10n);
  const expired: number[] = [];
  wheel.advance(50n, (timer) => {
    expired.push(timer);
    for (const other of [0, 1, 2]) if (other !== timer) wheel.set(other, 60n);
    assert.ok(wheel.consistent());
  });
  assert.equal(expired.length, 1);
  assert.deepEqual(expiredBy(wheel, 59n), []);
  assert.equal(expiredBy(wheel, 60n).length, 2);
});

test('a timer that sets itself to the past expires once per tick, and keeps advance() from nothing', () => {
  const wheel = new addon.TimerWheel(1, 0n);
  wheel.set(0, 1n);
  for (const now of [1n, 2n, 1n << 40n, (1n << 40n) + 1n, 1n << 63n]) {
    let times = 0;
    wheel.advance(now, (timer) => {
      times += 1;
      wheel.set(timer, 0n);
    });
    assert.equal(times, 1);
    assert.equal(wheel.next(), now + 1n);
  }
});

test('time may jump over all ticks there are, and turns back for nobody', () => {
  const wheel = new addon.TimerWheel(2, 0n);
  assert.deepEqual(expiredBy(wheel, 1n << 50n), []);
  wheel.set(0, never - 1n);
  wheel.set(1, never);
  assert.deepEqual(expiredBy(wheel, never - 2n), []);
  assert.deepEqual(expiredBy(wheel, 5n), []);
  assert.equal(wheel.now, never - 2n);
  assert.deepEqual(expiredBy(wheel, never), [0]);
  assert.equal(wheel.now, never - 1n);
  assert.equal(wheel.pending(1), true);
  assert.ok(wheel.consistent());
});

test('of a million timers none is lost, early or late', () => {
  for (const start of [0n, 1_000_003n, (1n << 42n) - 50_000n]) {
    assert.equal(new addon.TimerWheel(1_000_000, start).churn(1), '');
  }
});

test('the checker finds a timer that was destroyed while it was pending', () => {
  for (const destroyed of [0, 1, 2]) {
    const wheel = new addon.TimerWheel(3, 0n);
    for (const timer of [0, 1, 2]) wheel.set(timer, 100n);
    assert.equal(wheel.consistent(), true);
    wheel.destroy(destroyed);
    assert.equal(wheel.consistent(), false);
  }
});
