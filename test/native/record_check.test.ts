import assert from 'node:assert/strict';

import fc from 'fast-check';

import { numberOf, record } from '../helpers/records.js';
import { test } from '../helpers/test.js';
import { addon } from './addon.js';

const layout = addon.recordLayout;

function isWellFormed(bytes: Buffer): boolean {
  return addon.isWellFormed(bytes, 'worker');
}

test('what workers write is well-formed', () => {
  for (const name of ['connect', 'close', 'timeout', 'stall', 'fail'] as const) assert.ok(isWellFormed(record(name)));
  assert.ok(isWellFormed(record('request', { value: 204 })));
  assert.ok(isWellFormed(record('signal', { value: 15 })));
});

test('what decides about the pool is believed of the supervisor alone', () => {
  for (const name of ['listening', 'size', 'exit', 'give-up', 'kill', 'output', 'done'] as const) {
    assert.ok(addon.isWellFormed(record(name, { worker: -1, value: 1 }), 'supervisor'), name);
    assert.ok(!isWellFormed(record(name)), name);
  }
});

for (const [field, values] of [
  ['level', [0, 3, 5, 255]],
  ['event', [numberOf('listening'), addon.logEvents.length, 255]],
  ['worker', [-1, -(2 ** 31), 1024, 2 ** 31 - 1]],
  ['pid', [0, -1, -(2 ** 31)]],
  ['error', [-1, -(2 ** 31), 4096, 2 ** 31 - 1]],
  ['family', [1, 16, 65535]],
] as const) {
  for (const value of values) {
    test(`a ${field} of ${value} is refused`, () => {
      assert.ok(!isWellFormed(record('connect', { [field]: value })));
    });
  }
}

test('a value that its event cannot have is refused', () => {
  assert.ok(!isWellFormed(record('timeout', { value: 5 })));
  assert.ok(!isWellFormed(record('timeout', { value: 2 ** 32 - 1 })));
  for (const value of [0, 99, 600]) assert.ok(!isWellFormed(record('request', { value })));
  for (const value of [0, 65]) assert.ok(!isWellFormed(record('signal', { value })));
});

test('the name of a call ends, and is plain text', () => {
  const endless = record('fail');
  endless.fill('x', layout.call, layout.call + 16);
  assert.ok(!isWellFormed(endless));
  const escape = record('fail');
  escape.write('\x1b[2J', layout.call);
  assert.ok(!isWellFormed(escape));
});

test('of any bytes only those with every field in its range are believed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: layout.size, maxLength: layout.size }), (bytes) => {
      const view = Buffer.from(bytes);
      if (!isWellFormed(view)) return true;
      return (
        view[layout.event]! < addon.logEvents.length &&
        view.readInt32LE(layout.worker) >= 0 &&
        view.readInt32LE(layout.pid) > 0
      );
    }),
    { numRuns: 2000 },
  );
});
