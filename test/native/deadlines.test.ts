import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import fc from 'fast-check';

import { type Deadlines, faked, type TimeoutReason } from './fake/addon.js';

const { kernel } = faked;
const tick = 10;

beforeEach(() => {
  kernel.reset();
});

function pass(ms: number): void {
  kernel.pass(ms * 1e6);
}

/** What the interval timer has been set to since the last time, in ms; 0 stops it. */
function timerCalls(): number[] {
  return kernel
    .takeCalls()
    .filter(({ name }) => name === 'set_interval_timer')
    .map(({ arguments: [us] }) => us! / 1000);
}

/** Passes the time tick by tick until a client is due: after how many ms, who, and why. */
function nextDue(deadlines: Deadlines): [ms: number, client: number, reason: TimeoutReason] {
  for (let ms = 0; ms < 60_000; ms += tick) {
    const [due, ...others] = deadlines.turn();
    assert.equal(others.length, 0);
    if (due) return [ms, due.client, due.reason];
    pass(tick);
  }
  assert.fail('nobody is due');
}

test('the first of the deadlines counts, and each has its reason', () => {
  const deadlines = new faked.Deadlines(500, 200, 900);
  deadlines.begin(3);
  assert.deepEqual(nextDue(deadlines), [200, 3, 'firstByte']);
  deadlines.expectNothing(3);
  deadlines.expectRequest(3, 100);
  deadlines.expect(3, 'pace', 150);
  assert.deepEqual(nextDue(deadlines), [100, 3, 'request']);
  deadlines.expectNothing(3);
  assert.deepEqual(nextDue(deadlines), [200, 3, 'idle']);
  deadlines.suspend(3);
  assert.deepEqual(nextDue(deadlines), [400, 3, 'maxAge']);
});

test('bytes renew the idle time alone', () => {
  const deadlines = new faked.Deadlines(100, 0, 250);
  deadlines.begin(0);
  for (let round = 0; round < 4; round++) {
    pass(50);
    assert.deepEqual(deadlines.turn(), []);
    deadlines.renew(0);
  }
  assert.deepEqual(nextDue(deadlines), [50, 0, 'maxAge']);
});

test('what could not be done is due again at the next tick; what is put off counts anew, and nothing else does', () => {
  const deadlines = new faked.Deadlines(100, 0, 300);
  deadlines.begin(0);
  assert.deepEqual(nextDue(deadlines), [100, 0, 'idle']);
  deadlines.again(0);
  assert.deepEqual(deadlines.turn(), []);
  assert.deepEqual(nextDue(deadlines), [tick, 0, 'idle']);
  deadlines.putOff(0, 'idle', 1000);
  assert.deepEqual(nextDue(deadlines), [300 - 100 - tick, 0, 'maxAge']);
  deadlines.cancel(0);
  pass(10_000);
  assert.deepEqual(deadlines.turn(), []);
});

test('the interval timer is set to the first deadline, once, and not again by renewals to later', () => {
  const deadlines = new faked.Deadlines(100, 0, 0);
  deadlines.arm();
  assert.deepEqual(timerCalls(), [], 'nothing is pending');
  deadlines.begin(0);
  deadlines.arm();
  assert.deepEqual(timerCalls(), [100]);
  pass(30);
  deadlines.renew(0);
  deadlines.arm();
  assert.deepEqual(timerCalls(), []);
  pass(70);
  assert.deepEqual(deadlines.turn(), [], 'the timer has moved on');
  deadlines.arm();
  assert.deepEqual(timerCalls(), [30]);
  deadlines.expect(0, 'pace', 10);
  deadlines.arm();
  assert.deepEqual(timerCalls(), [10], 'an earlier one');
  deadlines.cancel(0);
  deadlines.arm();
  assert.deepEqual(timerCalls(), [0], 'nothing is pending any more');
});

test('while the clock stands no deadline comes nearer, and nothing wakes the worker', () => {
  const deadlines = new faked.Deadlines(100, 0, 0);
  deadlines.begin(0);
  deadlines.arm();
  pass(40);
  deadlines.stopClock();
  deadlines.arm();
  assert.deepEqual(timerCalls(), [100, 0]);
  pass(1_000_000);
  assert.deepEqual(deadlines.turn(), []);
  deadlines.startClock();
  deadlines.arm();
  assert.deepEqual(timerCalls(), [60]);
  assert.deepEqual(nextDue(deadlines), [60, 0, 'idle']);
});

const step = fc.record({
  act: fc.constantFrom('begin', 'renew', 'expect', 'expectRequest', 'expectNothing', 'suspend', 'cancel'),
  client: fc.nat(7),
  ms: fc.integer({ min: 0, max: 500 }),
  passed: fc.integer({ min: 0, max: 60 }),
});

test('whatever is expected of the clients, each is due at the first tick after its deadline and not before', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      kernel.reset();
      const idle = 120;
      const deadlines = new faked.Deadlines(idle, 0, 0);
      /** When what is due at the earliest; a client that is not there has nothing pending. */
      const model = new Map<number, { idle: number; phase: number; request: number }>();
      let now = 0;
      const at = (ms: number): number => (ms === 0 ? Infinity : now + ms);
      for (const { act, client, ms, passed } of steps) {
        const known = model.get(client);
        if (act === 'begin' && !known) {
          deadlines.begin(client);
          model.set(client, { idle: at(idle), phase: Infinity, request: Infinity });
        } else if (known && act === 'renew') {
          deadlines.renew(client);
          known.idle = at(idle);
        } else if (known && act === 'expect') {
          deadlines.expect(client, 'pace', ms);
          known.phase = at(ms);
        } else if (known && act === 'expectRequest') {
          deadlines.expectRequest(client, ms);
          known.request = at(ms);
        } else if (known && act === 'expectNothing') {
          deadlines.expectNothing(client);
          known.phase = known.request = Infinity;
        } else if (known && act === 'suspend') {
          deadlines.suspend(client);
          known.phase = known.request = known.idle = Infinity;
        } else if (known && act === 'cancel') {
          deadlines.cancel(client);
          deadlines.suspend(client);
          model.delete(client);
        }
        pass(passed);
        now += passed;
        const dueBy = (limit: number): number[] =>
          [...model].filter(([, times]) => Math.min(...Object.values(times)) <= limit).map(([number]) => number);
        const due = deadlines.turn().map(({ client }) => client);
        for (const number of due) assert.ok(dueBy(now).includes(number), `${number} is early`);
        for (const number of dueBy(now - tick)) assert.ok(due.includes(number), `${number} is late`);
        for (const number of due) {
          deadlines.suspend(number);
          model.delete(number);
        }
      }
      for (let client = 0; client < 8; client++) deadlines.cancel(client);
    }),
  );
});
