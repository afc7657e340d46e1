import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { addon } from './addon.js';

const { backoff } = addon;

test('a worker that lived, or has died young once, is started again at once', () => {
  assert.equal(backoff.delayMs(0), 0);
  assert.equal(backoff.delayMs(1), 0);
});

test('the delay doubles with every further young death, up to the longest', () => {
  const { firstDelayMs, maxDelayMs } = backoff;
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 1000 }), (deaths) => {
      assert.equal(backoff.delayMs(deaths), Math.min(firstDelayMs * 2 ** (deaths - 2), maxDelayMs));
    }),
  );
});

test('more deaths never mean a shorter delay, however many', () => {
  const deaths = fc.integer({ min: 0, max: 0xffff_ffff });
  fc.assert(
    fc.property(deaths, deaths, (a, b) => {
      const [fewer, more] = a < b ? [a, b] : [b, a];
      assert.ok(backoff.delayMs(fewer) <= backoff.delayMs(more));
    }),
  );
});
