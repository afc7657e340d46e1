import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';

import { addon } from './addon.js';
import { awaitInput, readReady } from './descriptors.js';
import { type Setup, Transfer } from './transfer.js';

const { EAGAIN, ECONNRESET } = constants.errno;
const sent = ['before', '!', 'after', 'more!', 'end'];

/** Its second and fourth part end with an urgent byte. */
function sendWithUrgentData({ client }: Transfer): void {
  for (const [index, part] of sent.entries()) {
    const bytes = Buffer.from(part);
    assert.equal(index % 2 === 0 ? addon.send(client, bytes) : addon.sendUrgent(client, bytes), bytes.length);
  }
}

/** Closing with something unread is a reset. */
function reset(one: Transfer): void {
  assert.equal(addon.send(one.connection, Buffer.from('x')), 1);
  awaitInput(one.client);
  one.end();
}

/** Reads and delivers until the connection ends, or `size` bytes have come. Returns them and what `splice` said last. */
function readAll(one: Transfer, size = Infinity): { bytes: string; last: number } {
  let bytes = '';
  for (;;) {
    awaitInput(one.connection);
    const last = one.splice();
    // There is input, so that EAGAIN would be waiting in a circle.
    assert.notEqual(last, -EAGAIN);
    if (last <= 0) return { bytes, last };
    assert.equal(one.flush(), 0);
    bytes += readReady(one.reader).toString('latin1');
    if (bytes.length >= size) return { bytes, last };
  }
}

// To a pipe bytes are spliced, to a file copied.
for (const to of ['pipe', 'plain file'] as const) {
  test(`urgent data does not hold up the bytes around it on their way to a ${to}`, () => {
    using one = new Transfer({ to });
    sendWithUrgentData(one);
    assert.equal(readAll(one, sent.join('').length).bytes, sent.join(''));
  });

  test(`what follows urgent data arrives at a ${to} when the client has ended its stream, too`, () => {
    using one = new Transfer({ to });
    sendWithUrgentData(one);
    one.end();
    assert.deepEqual(readAll(one), { bytes: sent.join(''), last: 0 });
  });

  test(`what follows urgent data arrives at a ${to} when the client has reset the connection, too`, () => {
    using one = new Transfer({ to });
    sendWithUrgentData(one);
    reset(one);
    assert.equal(readAll(one).bytes, sent.join(''));
  });

  test(`what a client sent before it reset its connection arrives at a ${to} before the error`, () => {
    using one = new Transfer({ to });
    assert.equal(addon.send(one.client, Buffer.from('a whole line')), 12);
    reset(one);
    assert.deepEqual(readAll(one), { bytes: 'a whole line', last: -ECONNRESET });
  });

  test(`a dry connection to a ${to} gives EAGAIN, one that has ended 0`, () => {
    for (const from of ['TCP', 'Unix'] satisfies Setup['from'][]) {
      using one = new Transfer({ from, to });
      assert.equal(one.splice(), -EAGAIN);
      one.end();
      awaitInput(one.connection);
      assert.equal(one.splice(), 0);
    }
  });
}
