import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addon, type WorkerTable } from './addon.js';
import { noReplacement } from './worker_table_model.js';
import { tableOfOne, tableWith } from './worker_tables.js';

const { maxWorkers } = addon;

test('a resize that cannot be reached can be taken back: the workers that ran before run on', () => {
  const table = tableWith(2, 3);
  table.started(3, 200, 0);
  table.ready(3);
  assert.equal(table.previousTarget, 2);
  assert.deepEqual(table.fallBack(0), { retiring: [3], dropped: [4, 2] });
  assert.equal(table.target, 2);
  assert.equal(table.previousTarget, undefined);
  assert.deepEqual(table.alive(), [0, 1, 3]);
  assert.equal(table.count('ready'), 2);
});

test('after several resizes none of which was reached, the size stands from before the first', () => {
  const table = tableWith(2, 3);
  table.resize(9, 0);
  table.resize(4, 0);
  assert.equal(table.previousTarget, 2);
  table.resize(2, 0);
  assert.equal(table.previousTarget, undefined, 'that many are ready');
});

test('of those that are too many the ones that do not run go first', () => {
  const table = tableWith(2, 1);
  table.started(2, 200, 0);
  table.ready(2);
  table.ended(0, 0);
  assert.deepEqual(table.resize(2, 0), { retiring: [], dropped: [0] });
  assert.deepEqual(table.alive(), [1, 2]);
});

test('a worker that retires before it is ready stays retiring, and its slot is free when it has ended', () => {
  const table = tableOfOne();
  table.started(0, 100, 0);
  assert.deepEqual(table.resize(0, 0), { retiring: [0], dropped: [] });
  table.ready(0);
  assert.equal(table.at(0).phase, 'retiring');
  assert.equal(table.slotOf(100), 0);
  assert.deepEqual(table.resize(1, 0), { retiring: [], dropped: [] });
  assert.equal(table.due(0), 1, 'the slot of one that still runs is not given away');
  assert.deepEqual(table.ended(0, 0), noReplacement);
  assert.equal(table.at(0).phase, 'empty');
});

test('after a stop no worker is started, even if the pool is resized', () => {
  const table = tableOfOne();
  table.stop();
  table.resize(2, 0);
  assert.equal(table.due(0), undefined);
});

test('however often the pool is resized, no slot lies beyond the stats page’s, and those that retire make room', () => {
  const table = new addon.WorkerTable();
  table.resize(maxWorkers, 0);
  for (let slot = 0; slot < maxWorkers; slot += 1) table.started(slot, 100 + slot, 0);
  table.resize(1, 0);
  table.resize(maxWorkers, 0);
  for (let slot = table.due(0); slot !== undefined; slot = table.due(0)) {
    assert.ok(slot < maxWorkers, `slot ${slot} of ${maxWorkers}`);
    table.started(slot, 10_000 + slot, 0);
  }
  assert.equal(table.count('retiring'), maxWorkers - 1);
  assert.deepEqual(table.ended(7, 0), noReplacement);
  assert.equal(table.due(0), 7);
});

test('after the stop a worker can be recruited into any slot that is free, and is not replaced', () => {
  const table: WorkerTable = new addon.WorkerTable();
  table.resize(2, 0);
  table.started(0, 10, 0);
  table.ready(0);
  table.stop();
  assert.equal(table.due(1000), undefined);
  assert.equal(table.recruit(1000), 1);
  table.started(1, 11, 1000);
  assert.equal(table.at(1).phase, 'starting');
  assert.equal(table.recruit(1000), 2);
  assert.deepEqual(table.startFailed(2, 1000), noReplacement);
  table.ended(1, 1001);
  assert.equal(table.recruit(1002), 1);
});
