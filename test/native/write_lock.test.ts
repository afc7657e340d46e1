import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { addon } from './addon.js';

const workers = 3;

test('one worker at a time holds the lock, and one that waits is woken when nobody holds it', () => {
  const operation = fc.record({ kind: fc.constantFrom('lock', 'unlock', 'wake', 'die'), worker: fc.nat(workers - 1) });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const locks = new addon.WriteLocks(workers);
      let holder: number | undefined;
      const waiting = new Set<number>();
      const lock = (worker: number): void => {
        const locked = locks.tryLock(worker);
        assert.equal(locked, holder === undefined);
        if (locked) holder = worker;
        if (locked) waiting.delete(worker);
        else waiting.add(worker);
      };
      for (const { kind, worker } of operations) {
        if (kind === 'lock' && holder !== worker) {
          lock(worker);
        } else if (kind === 'unlock' && holder === worker) {
          holder = undefined;
          locks.unlock(worker);
        } else if (kind === 'wake' && waiting.has(worker) && locks.wakes) {
          locks.clearWakeup(worker);
          lock(worker);
        } else if (kind === 'die') {
          if (holder === worker) holder = undefined;
          waiting.delete(worker);
          locks.die(worker);
        }
        if (holder === undefined && waiting.size > 0) assert.ok(locks.wakes, 'somebody waits for ever');
        // Or soon will be, when who waits has been woken.
        if (holder !== undefined && waiting.size > 0) assert.ok(locks.contended(holder) || locks.wakes);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a lock that nobody else wants costs nobody a wakeup', () => {
  const locks = new addon.WriteLocks(2);
  for (let round = 0; round < 10; round++) {
    assert.ok(locks.tryLock(0));
    assert.ok(!locks.contended(0));
    locks.unlock(0);
  }
  assert.ok(!locks.wakes);
});
