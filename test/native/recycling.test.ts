import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addon } from './addon.js';

test('workers hand over one after the other, and the order is finished with the last', () => {
  const table = new addon.Recycling(4, 0);
  table.begin(7, [2, 0]);
  assert.equal(table.nextWakeMs(), 0);
  assert.equal(table.next(0), 2);
  assert.equal(table.next(0), undefined, 'one at a time');
  assert.equal(table.nextWakeMs(), undefined);
  table.began(2, 10);
  assert.equal(table.finished(), undefined);
  assert.equal(table.next(10), 0);
  table.began(0, 20);
  assert.equal(table.next(20), undefined);
  assert.equal(table.finished(), 7);
  assert.equal(table.finished(), undefined, 'once');
});

test('a worker that ends counts as done, whether it had been told or not', () => {
  const table = new addon.Recycling(4, 0);
  table.begin(1, [0, 1]);
  assert.equal(table.next(0), 0);
  table.ended(1);
  table.ended(0);
  assert.equal(table.next(0), undefined);
  assert.equal(table.finished(), 1);
});

test('a later order overtakes an earlier one, and nobody is told twice', () => {
  const table = new addon.Recycling(4, 0);
  table.begin(1, [0, 1]);
  table.begin(2, [0, 1]);
  assert.equal(table.next(0), 0);
  table.began(0, 0);
  assert.equal(table.next(0), 1);
  table.began(1, 0);
  assert.equal(table.next(0), undefined);
  assert.equal(table.finished(), 2);
});

test('a worker that has served for its lifetime hands over, and has the next one from then on', () => {
  const table = new addon.Recycling(4, 1000);
  assert.equal(table.nextWakeMs(), undefined);
  table.began(3, 500);
  table.began(1, 800);
  assert.equal(table.nextWakeMs(), 1500);
  assert.equal(table.next(1499), undefined);
  assert.equal(table.next(1500), 3);
  assert.equal(table.next(1900), undefined, 'one at a time');
  table.began(3, 1900);
  assert.equal(table.next(1900), 1);
  table.ended(1);
  assert.equal(table.nextWakeMs(), 2900);
  assert.equal(table.finished(), undefined, 'nobody has ordered it');
});
