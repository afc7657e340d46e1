import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addon, type StopRequest } from './addon.js';

const { sameRequestMs, stopPatienceMs } = addon;

/** What becomes of signals that the supervisor gets itself (own) and that the host passes on (host), at their times. */
function requests(...signals: [who: 'own' | 'host', at: number][]): StopRequest[] {
  const seen = new addon.StopRequests();
  return signals.map(([who, at]) => (who === 'own' ? seen.own(at) : seen.passedOn(at)));
}

test('a second signal asks for the end at once, whoever gets it', () => {
  assert.deepEqual(requests(['own', 0], ['own', 1]), ['first', 'again']);
  assert.deepEqual(requests(['host', 0], ['host', 1]), ['first', 'again']);
  assert.deepEqual(requests(['host', 0], ['host', 5000]), ['first', 'again']);
});

test('one Ctrl-C is one request, in whichever order it arrives and however often it is passed on', () => {
  assert.deepEqual(requests(['own', 0], ['host', 1], ['host', 2]), ['first', 'repetition', 'repetition']);
  assert.deepEqual(requests(['host', 0], ['own', 1], ['host', 2]), ['first', 'repetition', 'repetition']);
});

test('a second Ctrl-C asks for the end at once, in whichever order each of the two arrives', () => {
  for (const first of [
    ['own', 'host'],
    ['host', 'own'],
  ] as const) {
    for (const second of [
      ['own', 'host'],
      ['host', 'own'],
    ] as const) {
      const all = requests([first[0], 0], [first[1], 1], [second[0], 100], [second[1], 101]);
      assert.equal(all.filter((one) => one === 'first').length, 1);
      assert.equal(all.filter((one) => one === 'again').length, 1, JSON.stringify(all));
    }
  }
});

test('what is more than a second apart is not the same', () => {
  assert.deepEqual(requests(['own', 0], ['host', sameRequestMs - 1]), ['first', 'repetition']);
  assert.deepEqual(requests(['own', 0], ['host', sameRequestMs]), ['first', 'again']);
  assert.deepEqual(requests(['host', 0], ['own', sameRequestMs]), ['first', 'again']);
});

test('of several times for the drain the earliest counts', () => {
  const stop = new addon.Stop();
  assert.equal(stop.begin(1000, 500), true);
  assert.equal(stop.begin(1100, 5000), false);
  assert.equal(stop.endsMs, 1500);
  assert.equal(stop.begin(1200, 100), false);
  assert.equal(stop.endsMs, 1300);
  assert.deepEqual([stop.isDue(1299), stop.isDue(1300)], [false, true]);
});

test('a stop goes from stage to stage once, and never back', () => {
  const stop = new addon.Stop();
  assert.equal(stop.stage, 'running');
  assert.equal(stop.endsMs, undefined);
  assert.equal(stop.expire(0), false, 'nothing to expire');
  stop.begin(0, 100);
  assert.equal(stop.stage, 'draining');
  assert.equal(stop.expire(40), true);
  assert.equal(stop.expire(50), false);
  assert.deepEqual([stop.stage, stop.endsMs], ['expiring', 40 + stopPatienceMs]);
  stop.begin(60, 10_000);
  assert.deepEqual([stop.stage, stop.endsMs], ['expiring', 40 + stopPatienceMs]);
  stop.waitOn(2000);
  assert.deepEqual([stop.stage, stop.endsMs], ['expiring', 2000 + stopPatienceMs]);
  stop.kill(5000);
  assert.equal(stop.stage, 'killing');
  assert.equal(stop.expire(6000), false);
});
