import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addon, type Watchdog } from './addon.js';

const limit = 10_000;

function watched(): Watchdog {
  const dog = new addon.Watchdog(2, limit);
  dog.begin(0, 1000);
  return dog;
}

test('a worker that makes no round for the limit hangs, which is said once', () => {
  const dog = watched();
  assert.equal(dog.hangs(0, 0, false, false, 1000 + limit - 1), false);
  assert.equal(dog.hangs(0, 0, false, false, 1000 + limit), true);
  assert.equal(dog.hangs(0, 0, false, false, 1000 + 2 * limit), false);
});

test('a round, or a wait for something to do, begins the time anew', () => {
  const dog = watched();
  assert.equal(dog.hangs(0, 1, false, false, 9000), false);
  assert.equal(dog.hangs(0, 1, true, false, 18_000), false);
  assert.equal(dog.hangs(0, 1, false, false, 27_999), false);
  assert.equal(dog.hangs(0, 1, false, false, 28_000), true);
});

test('a stopped worker hangs at the limit although it seems to wait, and not if it is continued before', () => {
  const dog = watched();
  dog.stopped(0, 2000);
  assert.equal(dog.hangs(0, 5, true, false, 11_999), false);
  dog.continued(0, 11_999);
  assert.equal(dog.hangs(0, 5, true, false, 12_000), false);
  dog.stopped(0, 13_000);
  assert.equal(dog.hangs(0, 5, true, false, 23_000), true);
});

test('a stopped worker that holds up others is given half a second, or the limit if that is less', () => {
  const dog = watched();
  assert.equal(dog.hangs(0, 0, false, true, 1600), false, 'it is not stopped');
  dog.stopped(0, 2000);
  assert.equal(dog.hangs(0, 0, false, true, 2499), false);
  assert.equal(dog.hangs(0, 0, false, true, 2500), true);
  const strict = new addon.Watchdog(1, 100);
  strict.begin(0, 0);
  strict.stopped(0, 0);
  assert.equal(strict.hangs(0, 0, false, true, 100), true);
});

test('a supervisor that was itself stopped gives its workers their time again', () => {
  const dog = watched();
  dog.onTime(2000);
  dog.onTime(60_000);
  assert.equal(dog.hangs(0, 0, false, false, 60_000), false);
  assert.equal(dog.hangs(0, 0, false, false, 60_000 + limit), true);
});

test('it wakes eight times in the limit while it watches anybody, and more often while one is stopped', () => {
  const dog = new addon.Watchdog(2, limit);
  assert.equal(dog.nextWakeMs(), undefined);
  dog.begin(1, 0);
  dog.onTime(1000);
  assert.equal(dog.nextWakeMs(), 1000 + limit / 8);
  dog.stopped(1, 1100);
  assert.equal(dog.nextWakeMs(), 1000 + 62);
  dog.end(1);
  assert.equal(dog.nextWakeMs(), undefined);
  const off = new addon.Watchdog(1, 0);
  off.begin(0, 0);
  assert.equal(off.nextWakeMs(), undefined);
  assert.equal(off.hangs(0, 0, false, false, 1e9), false);
});
