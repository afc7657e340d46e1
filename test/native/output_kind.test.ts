import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addon, type OutputKind } from './addon.js';
import { Descriptors, destinations } from './descriptors.js';

function assertKind(name: string, expected: OutputKind, open: (own: Descriptors) => number): void {
  test(`${name} is seen as ${expected}`, () => {
    using own = new Descriptors();
    assert.equal(addon.kindOf(open(own)), expected);
  });
}

assertKind('a pipe', 'pipe', (own) => destinations.pipe(own).fd);
assertKind('a named pipe', 'pipe', (own) => destinations.FIFO(own).fd);
assertKind('a Unix socket', 'socket', (own) => destinations['Unix socket'](own).fd);
assertKind('a TCP socket', 'socket', (own) => destinations['TCP socket'](own).fd);
assertKind('a plain file', 'file', (own) => destinations['plain file'](own).fd);
assertKind('a file opened for appending', 'append-file', (own) => destinations['append file'](own).fd);
assertKind('a terminal', 'terminal', (own) => destinations.terminal(own).fd);
assertKind('/dev/null', 'null-device', (own) => own.open('/dev/null', 'w'));
assertKind('/dev/full', 'other', (own) => own.open('/dev/full', 'w'));
assertKind('a directory', 'other', (own) => own.open(own.folder, 'r'));

test('a descriptor that is closed is an error, not a kind', () => {
  assert.throws(() => addon.kindOf(-1), /fstat/);
});

test('only pipes and /dev/null are spliced to', () => {
  const kinds: OutputKind[] = ['pipe', 'socket', 'file', 'append-file', 'terminal', 'null-device', 'other'];
  assert.deepEqual(
    kinds.filter((kind) => addon.wayFor(kind) === 'splice'),
    ['pipe', 'null-device'],
  );
});
