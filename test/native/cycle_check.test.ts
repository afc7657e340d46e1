import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { addon } from './addon.js';

/** Stretches of senders' cycles, some of them broken, cut into chunks without regard to them. */
const stretch = fc.record({ sender: fc.nat(63), place: fc.nat(3), length: fc.nat(50) });

function bytesOf({ sender, place, length }: { sender: number; place: number; length: number }): number[] {
  return Array.from({ length }, (_, index) => (sender << 2) | ((place + index) & 3));
}

function chunksOf(bytes: Uint8Array, cuts: number[]): Uint8Array[] {
  const ends = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

test('senders are counted, and each byte that is not the next of its sender is, however they are cut into chunks', () => {
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 50 }), fc.array(fc.nat()), (stretches, cuts) => {
      const check = new addon.CycleCheck();
      for (const chunk of chunksOf(Uint8Array.from(stretches.flatMap(bytesOf)), cuts)) check.add(chunk);
      const counts = new Float64Array(64);
      const next = new Uint8Array(64);
      let disorder = 0;
      for (const { sender, place, length } of stretches.filter((stretch) => stretch.length > 0)) {
        counts[sender]! += length;
        if (next[sender] !== place) disorder += 1;
        next[sender] = (place + length) & 3;
      }
      assert.deepEqual(check.counts, counts);
      assert.equal(check.disorder, disorder);
      assert.equal(
        check.total,
        counts.reduce((sum, count) => sum + count, 0),
      );
    }),
  );
});

test('a byte lost, doubled or swapped is seen', () => {
  const cycle = Uint8Array.from({ length: 64 }, (_, index) => (9 << 2) | (index & 3));
  const disorderOf = (...parts: Uint8Array[]): number => {
    const check = new addon.CycleCheck();
    for (const part of parts) check.add(part);
    return check.disorder;
  };
  assert.equal(disorderOf(cycle), 0);
  assert.equal(disorderOf(cycle.subarray(0, 21), cycle.subarray(22)), 1);
  assert.equal(disorderOf(cycle.subarray(0, 21), cycle.subarray(20)), 1);
  assert.equal(
    disorderOf(cycle.subarray(0, 20), cycle.subarray(21, 22), cycle.subarray(20, 21), cycle.subarray(22)),
    3,
  );
});
