import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test, type TestContext } from 'node:test';

import fc from 'fast-check';

import { addon, type Signals } from './addon.js';

const { SIGALRM, SIGCHLD, SIGTERM } = constants.signals;

function eventSource(t: TestContext): Signals {
  const source = new addon.Signals();
  t.after(() => {
    source.close();
  });
  return source;
}

/** What there is to hand out, how often. */
function handedOut(source: Signals): Record<number, number> {
  const counts: Record<number, number> = {};
  for (let number = source.next(); number !== 0; number = source.next()) counts[number] = (counts[number] ?? 0) + 1;
  return counts;
}

test('no storm of one signal crowds out another', (t) => {
  const source = eventSource(t);
  source.raise(SIGCHLD, 2000);
  source.raise(SIGTERM, 1);
  source.raise(SIGALRM, 2);
  assert.deepEqual(handedOut(source), { [SIGCHLD]: 2000, [SIGTERM]: 1, [SIGALRM]: 2 });
});

test('each signal is handed out as often as it came, and there is input while one may be left', (t) => {
  const source = eventSource(t);
  const came = fc.record({
    number: fc.constantFrom(SIGALRM, SIGCHLD, SIGTERM),
    times: fc.integer({ min: 1, max: 400 }),
  });
  fc.assert(
    fc.property(fc.array(fc.array(came)), (rounds) => {
      for (const round of rounds) {
        const expected: Record<number, number> = {};
        for (const { number, times } of round) {
          source.raise(number, times);
          expected[number] = (expected[number] ?? 0) + times;
        }
        assert.equal(addon.hasInput(source.fd, 0), round.length > 0);
        assert.deepEqual(handedOut(source), expected);
        assert.equal(addon.hasInput(source.fd, 0), false);
      }
    }),
  );
});

test('a signal that comes at any moment while others are handed out is handed out too', (t) => {
  assert.equal(eventSource(t).surviveStorm(20_000, 10_000), 20_000);
});

test('a forked child begins without what its parent had not handed out', (t) => {
  const source = eventSource(t);
  source.raise(SIGTERM, 3);
  source.replace();
  assert.equal(source.next(), 0);
  source.raise(SIGCHLD, 1);
  assert.deepEqual(handedOut(source), { [SIGCHLD]: 1 });
});
