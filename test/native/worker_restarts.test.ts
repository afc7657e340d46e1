import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addon, type RestartPlan } from './addon.js';
import { live, tableOfOne, tableWith } from './worker_tables.js';

const { backoff } = addon;

test('a worker that dies young again and again waits longer and longer, until it has lived once', () => {
  const table = tableOfOne();
  const delays = Array.from({ length: 12 }, () => live(table, backoff.youngMs - 1, true).after.delayMs);
  assert.deepEqual(delays, [0, 10, 20, 40, 80, 160, 320, 640, 1000, 1000, 1000, 1000]);
  assert.equal(live(table, backoff.youngMs, true).after.delayMs, 0);
  assert.equal(live(table, 0, true).after.delayMs, 0);
  assert.equal(live(table, 0, true).after.delayMs, 10);
});

test('a worker is due when its delay is over, and not before', () => {
  const table = tableOfOne();
  live(table, 0, true);
  const { now, after } = live(table, 0, true);
  assert.ok(after.delayMs > 0);
  assert.equal(table.due(now + after.delayMs - 1), undefined);
  assert.equal(table.due(now + after.delayMs), 0);
});

test('a slot is given up after so many starts in a row that never came as far as accepting', () => {
  for (const failure of ['dies before it is ready', 'cannot be started']) {
    const table = tableOfOne();
    const fail = (): RestartPlan =>
      failure === 'cannot be started' ? table.startFailed(0, table.nextWakeMs()!) : live(table, 0, false).after;
    for (let count = 1; count < backoff.giveUpAfter; count += 1) assert.equal(fail().givenUp, false);
    assert.equal(fail().givenUp, true);
  }
});

test('one start that comes as far as accepting starts the count again', () => {
  const table = tableOfOne();
  for (let count = 1; count < backoff.giveUpAfter; count += 1) live(table, 0, false);
  assert.equal(live(table, 0, true).after.givenUp, false);
  for (let count = 1; count < backoff.giveUpAfter; count += 1) assert.equal(live(table, 0, false).after.givenUp, false);
  assert.equal(live(table, 0, false).after.givenUp, true);
});

test('there is hope as long as a worker runs, or one can still be tried', () => {
  const table = tableWith(1, 2);
  assert.equal(table.hopeless, false);
  for (let count = 1; count < backoff.giveUpAfter; count += 1) {
    table.ended(0, 0);
    assert.equal(table.hopeless, false);
    table.startFailed(0, 0);
  }
  assert.equal(table.hopeless, false);
  table.startFailed(0, 0);
  assert.equal(table.hopeless, true);
  table.started(1, 200, 0);
  assert.equal(table.hopeless, false);
});
