import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addon, type StopRequest } from './addon.js';

const { sameRequestMs, stopPatienceMs } = addon;

/** What signals come to that the supervisor receives itself, or that the host forwards, at their times. */
function requests(...signals: [who: 'supervisor' | 'host', at: number][]): StopRequest[] {
  const seen = new addon.StopRequests();
  return signals.map(([who, at]) => (who === 'supervisor' ? seen.onSignal(at) : seen.onHostSignal(at)));
}

test('a second signal asks for the end at once, whoever gets it', () => {
  assert.deepEqual(requests(['supervisor', 0], ['supervisor', 1]), ['first', 'further']);
  assert.deepEqual(requests(['host', 0], ['host', 1]), ['first', 'further']);
  assert.deepEqual(requests(['host', 0], ['host', 5000]), ['first', 'further']);
});

test('one Ctrl-C is one request, in whichever order it arrives and however often it is passed on', () => {
  assert.deepEqual(requests(['supervisor', 0], ['host', 1], ['host', 2]), ['first', 'duplicate', 'duplicate']);
  assert.deepEqual(requests(['host', 0], ['supervisor', 1], ['host', 2]), ['first', 'duplicate', 'duplicate']);
});

test('a second Ctrl-C asks for the end at once, in whichever order each of the two arrives', () => {
  for (const first of [
    ['supervisor', 'host'],
    ['host', 'supervisor'],
  ] as const) {
    for (const second of [
      ['supervisor', 'host'],
      ['host', 'supervisor'],
    ] as const) {
      const found = requests([first[0], 0], [first[1], 1], [second[0], 100], [second[1], 101]);
      assert.equal(found.filter((request) => request === 'first').length, 1);
      assert.equal(found.filter((request) => request === 'further').length, 1, JSON.stringify(found));
    }
  }
});

test('what is more than a second apart is not the same', () => {
  assert.deepEqual(requests(['supervisor', 0], ['host', sameRequestMs - 1]), ['first', 'duplicate']);
  assert.deepEqual(requests(['supervisor', 0], ['host', sameRequestMs]), ['first', 'further']);
  assert.deepEqual(requests(['host', 0], ['supervisor', sameRequestMs]), ['first', 'further']);
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
  stop.extend(2000);
  assert.deepEqual([stop.stage, stop.endsMs], ['expiring', 2000 + stopPatienceMs]);
  stop.kill(5000);
  assert.equal(stop.stage, 'killing');
  assert.equal(stop.expire(6000), false);
});
