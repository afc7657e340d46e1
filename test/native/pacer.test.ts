import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { addon } from './addon.js';

const ms = 1_000_000;
const us = 1000;
const shortest = 0.5 * ms;
const delay = 5 * ms;

interface Traffic {
  wait: (pause: number) => number;
  found: (waited: number) => { bytes: number; reads: number };
}

/** Messages of 200 bytes come at this distance, whatever the worker does, from so many clients in turn. */
const every = (apart: number, clients = 8): Traffic => ({
  wait: (pause) => Math.max(pause, apart),
  found: (waited) => {
    const messages = Math.max(1, Math.floor(waited / apart));
    return { bytes: messages * 200, reads: Math.min(messages, clients) };
  },
});

class Worker {
  readonly pacer;
  total;
  now = 1000 * ms;
  pause = 0;
  pauses = 0;

  constructor({ latency = false, total = 0 } = {}) {
    this.total = total;
    this.pacer = new addon.Pacer(latency ? 0.01 * ms : delay, latency, total);
  }

  /** So many rounds, each after `wait(pause)` ns; what `found(waited)` says is read. */
  run(rounds: number, { wait, found }: Traffic): this {
    for (let round = 0; round < rounds; round += 1) {
      const waited = wait(this.pause);
      this.now += waited;
      const { bytes, reads } = found(waited);
      this.total += bytes;
      this.pause = this.pacer.round(this.now, this.total, reads);
      if (this.pause > 0) this.pauses += 1;
    }
    return this;
  }
}

test('a quiet worker never pauses', () => {
  for (const apart of [shortest / 2, shortest, 2 * ms, 1000 * ms]) {
    assert.equal(new Worker().run(5000, every(apart)).pauses, 0, `${apart} ns apart`);
  }
});

test('a worker that small messages wake without end pauses before nearly every round', () => {
  for (const apart of [2 * us, 5 * us, 20 * us, 50 * us]) {
    const worker = new Worker().run(5000, every(apart));
    assert.ok(worker.pauses > 4900, `${worker.pauses} pauses, ${apart} ns apart`);
  }
});

test('a pause is as long as it takes until each read finds enough', () => {
  // 200 bytes from each of 100 clients every 200 µs: 2 KiB take ten times as long.
  const { pause } = new Worker().run(5000, every(2 * us, 100));
  assert.ok(pause > 1.5 * ms && pause < 2.5 * ms, `${pause} ns`);
  assert.equal(new Worker().run(5000, every(2 * us, 8)).pause, shortest);
  assert.ok(new Worker().run(5000, every(10 * us, 1000)).pause > 0.99 * delay);
});

test('there is none when each read finds much', () => {
  const { pauses } = new Worker().run(5000, { wait: () => 30 * us, found: () => ({ bytes: 2 ** 16, reads: 2 }) });
  assert.equal(pauses, 0);
});

test('pauses end when the traffic gets thin', () => {
  const worker = new Worker().run(1000, every(5 * us));
  const before = worker.pauses;
  worker.run(1000, every(20 * ms));
  assert.ok(worker.pauses - before < 10, `${worker.pauses - before} pauses`);
});

test('clients that wait for what they sent to come out are kept in few rounds', () => {
  // One sends its next message 20 µs after its last was read.
  const { pauses } = new Worker().run(100_000, {
    wait: (pause) => Math.max(pause, 20 * us),
    found: () => ({ bytes: 200, reads: 1 }),
  });
  assert.ok(pauses < 1000, `${pauses} pauses`);
});

test('where everybody waits for an answer, a pause is for many clients and not for one', () => {
  // Each asks again 60 µs after its last round: for a short pause, the kernel's sleep takes that.
  const asking = (clients: number): Traffic => ({
    wait: (pause) => (pause > 0 ? 60 * us : 20 * us),
    found: (waited) => {
      const reads = Math.min(clients, Math.ceil((clients * waited) / (80 * us)));
      return { bytes: reads * 200, reads };
    },
  });
  const many = new Worker({ latency: true }).run(10_000, asking(32));
  assert.ok(many.pauses > 9800, `${many.pauses} pauses`);
  const latencyWorker = new Worker({ latency: true }).run(10_000, asking(1));
  assert.ok(latencyWorker.pauses < 200, `${latencyWorker.pauses} pauses`);
});

test('a busy worker that suddenly has little to read pauses no longer than the delay', () => {
  const worker = new Worker().run(100, every(5 * us));
  assert.ok(worker.pause > 0);
  worker.run(1, { wait: () => 1000 * ms, found: () => ({ bytes: 1, reads: 1 }) });
  assert.ok(worker.pause > 0 && worker.pause <= delay, `${worker.pause} ns`);
});

test('a worker that replaces another, whose count of bytes goes on, pauses as soon and as often', () => {
  const pauses = (total: number): number => new Worker({ total }).run(100, every(5 * us)).pauses;
  assert.ok(pauses(0) > 0);
  assert.equal(pauses(2 ** 40), pauses(0));
});

test('without a delay there is no pause', () => {
  const pacer = new addon.Pacer(0, false, 0);
  for (let now = 1; now < 1000; now += 1) assert.equal(pacer.round(now * us, now * 200, 1), 0);
});

test('whatever comes whenever, no pause is longer than the delay', () => {
  const some = fc.integer({ min: 1, max: 2 ** 40 });
  const rounds = fc.array(fc.tuple(some, some, fc.integer({ min: 1, max: 256 })), { maxLength: 200 });
  fc.assert(
    fc.property(fc.constantFrom(0.01 * ms, delay), fc.boolean(), rounds, (longest, latency, sequence) => {
      const pacer = new addon.Pacer(longest, latency, 0);
      let now = 0;
      let total = 0;
      for (const [waited, bytes, reads] of sequence) {
        now += waited;
        total += bytes;
        const pause = pacer.round(now, total, reads);
        assert.ok(pause >= 0 && pause <= longest, `${pause} ns`);
      }
    }),
  );
});
