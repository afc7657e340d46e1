import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { addon } from './addon.js';

const { maxGeneration } = addon;

const tags = fc.record({
  kind: fc.nat(0xff),
  index: fc.nat(0xffff_ffff),
  generation: fc.nat(maxGeneration),
});

function pack({ kind, index, generation }: { kind: number; index: number; generation: number }): bigint {
  return addon.packTag(kind, index, generation);
}

test('an event’s tag comes back as it was, whatever its kind, index and generation', () => {
  fc.assert(
    fc.property(tags, (tag) => {
      assert.deepEqual(addon.unpackTag(pack(tag)), { ...tag });
    }),
  );
});

test('tags that differ in kind, index or generation differ as packed', () => {
  fc.assert(
    fc.property(tags, tags, (first, second) => {
      const same = JSON.stringify(first) === JSON.stringify(second);
      assert.equal(pack(first) === pack(second), same);
    }),
  );
});

test('a slot that is used anew has another generation, also where the count begins again', () => {
  const events = { kind: 0xff, index: 0xffff_ffff };
  for (const generation of [0, 1, maxGeneration - 1, maxGeneration]) {
    const next = addon.nextGeneration(generation);
    assert.notEqual(next, generation);
    assert.deepEqual(addon.unpackTag(pack({ ...events, generation: next })), { ...events, generation: next });
  }
  assert.equal(addon.nextGeneration(maxGeneration), 0);
});
