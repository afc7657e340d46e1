import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addon } from './addon.js';
import { noReplacement } from './worker_table_model.js';
import { tableOfOne, tableWith } from './worker_tables.js';

const { maxWorkers } = addon;

test('a worker that leaves of its own accord is replaced at once, in another slot, and not again at its end', () => {
  const table = tableWith(2, 0);
  assert.equal(table.leaving(0, 70), true);
  assert.equal(table.at(0).phase, 'retiring');
  assert.equal(table.slotOf(100), 0, 'it still runs');
  assert.equal(table.due(69), undefined);
  assert.equal(table.due(70), 2);
  table.started(2, 200, 70);
  table.ready(2);
  assert.equal(table.count('ready'), 2);
  assert.deepEqual(table.ended(0, 80), noReplacement);
  assert.equal(table.due(1000), undefined);
});

test('a worker that leaves before it is ready is replaced too, one that retires or leaves twice is not', () => {
  const table = tableOfOne();
  table.started(0, 100, 0);
  assert.equal(table.leaving(0, 0), true);
  assert.equal(table.leaving(0, 0), false);
  assert.deepEqual(table.alive(), [0]);
  assert.equal(table.due(0), 1);
  table.resize(0, 0);
  assert.equal(table.leaving(0, 0), false);
  assert.equal(table.due(0), undefined);
});

test('where every slot is taken, a worker that leaves is replaced when it has ended', () => {
  const table = new addon.WorkerTable();
  table.resize(maxWorkers, 0);
  for (let slot = 0; slot < maxWorkers; slot += 1) table.started(slot, 100 + slot, 0);
  assert.equal(table.leaving(5, 0), true);
  assert.equal(table.due(0), undefined);
  assert.deepEqual(table.ended(5, 10), noReplacement);
  assert.equal(table.due(10), 5);
});

test('a worker that leaves while the pool stops is not replaced', () => {
  const table = tableWith(2, 0);
  table.stop();
  assert.equal(table.leaving(0, 0), false);
  assert.equal(table.due(0), undefined);
});
