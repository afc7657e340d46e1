import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { addon } from './addon.js';

const ms = 1_000_000;
const us = 1000;
const delay = 0.5 * ms;

/** A worker that meets traffic: each round finds what has come since the last. */
class Worker {
  readonly pacer = new addon.Pacer(delay);
  now = 1000 * ms;
  pauses = 0;
  rounds = 0;

  /** So many rounds, each after `wait(pause)` ns and with `found(waited)` bytes. */
  run(rounds: number, wait: (pause: number) => number, found: (waited: number) => number): this {
    let pause = 0;
    for (let round = 0; round < rounds; round += 1) {
      const waited = wait(pause);
      this.now += waited;
      pause = this.pacer.round(this.now, found(waited));
      this.rounds += 1;
      if (pause > 0) this.pauses += 1;
    }
    return this;
  }
}

/** Messages of 200 bytes come at this distance, whatever the worker does. */
const every = (ns: number) => ({
  wait: (pause: number) => Math.max(pause, ns),
  found: (waited: number) => Math.max(1, Math.floor(waited / ns)) * 200,
});

test('a quiet worker never pauses', () => {
  for (const apart of [delay / 2, delay, ms, 1000 * ms]) {
    const { wait, found } = every(apart);
    assert.equal(new Worker().run(5000, wait, found).pauses, 0, `${apart} ns apart`);
  }
});

test('a worker that small messages wake without end pauses before nearly every round', () => {
  for (const apart of [5 * us, 20 * us, 50 * us]) {
    const { wait, found } = every(apart);
    const worker = new Worker().run(5000, wait, found);
    assert.ok(worker.pauses > 4900, `${worker.pauses} pauses, ${apart} ns apart`);
  }
});

test('it does not when each round finds much', () => {
  const { pauses } = new Worker().run(
    5000,
    () => 30 * us,
    () => 256 * 1024,
  );
  assert.equal(pauses, 0);
});

test('it stops when the traffic gets thin', () => {
  const dense = every(5 * us);
  const thin = every(2 * ms);
  const worker = new Worker().run(1000, dense.wait, dense.found);
  const before = worker.pauses;
  worker.run(1000, thin.wait, thin.found);
  assert.ok(worker.pauses - before < 10, `${worker.pauses - before} pauses`);
});

test('clients that wait for what they sent to come out are kept in few rounds', () => {
  // Each sends its next message 20 µs after its last was read.
  const { pauses } = new Worker().run(
    100_000,
    (pause) => Math.max(pause, 20 * us),
    () => 200,
  );
  assert.ok(pauses < 1000, `${pauses} pauses`);
});

test('without a delay there is no pause', () => {
  const pacer = new addon.Pacer(0);
  for (let now = 1; now < 1000; now += 1) assert.equal(pacer.round(now * us, 200), 0);
});

test('whatever comes whenever, a pause is the delay or none', () => {
  const rounds = fc.array(fc.tuple(fc.maxSafeNat(), fc.maxSafeNat()), { maxLength: 200 });
  fc.assert(
    fc.property(rounds, (sequence) => {
      const pacer = new addon.Pacer(delay);
      let now = 0;
      for (const [waited, bytes] of sequence) {
        now = Math.min(now + waited, Number.MAX_SAFE_INTEGER);
        assert.ok([0, delay].includes(pacer.round(now, Math.max(bytes, 1))));
      }
    }),
  );
});
