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
function reset(transfer: Transfer): void {
  assert.equal(addon.send(transfer.connection, Buffer.from('x')), 1);
  awaitInput(transfer.client);
  transfer.end();
}

/** Reads and delivers until the connection ends, or `size` bytes have come. Returns them and what `splice` said last. */
function readAll(transfer: Transfer, size = Infinity): { bytes: string; last: number } {
  let bytes = '';
  for (;;) {
    awaitInput(transfer.connection);
    const last = transfer.splice();
    // There is input, so that EAGAIN would be waiting in a circle.
    assert.notEqual(last, -EAGAIN);
    if (last <= 0) return { bytes, last };
    assert.equal(transfer.flush(), 0);
    bytes += readReady(transfer.reader).toString('latin1');
    if (bytes.length >= size) return { bytes, last };
  }
}

// To a pipe bytes are spliced, to a file copied.
for (const to of ['pipe', 'plain file'] as const) {
  test(`urgent data does not hold up the bytes around it on their way to a ${to}`, () => {
    using transfer = new Transfer({ to });
    sendWithUrgentData(transfer);
    assert.equal(readAll(transfer, sent.join('').length).bytes, sent.join(''));
  });

  test(`what follows urgent data arrives at a ${to} when the client has ended its stream, too`, () => {
    using transfer = new Transfer({ to });
    sendWithUrgentData(transfer);
    transfer.end();
    assert.deepEqual(readAll(transfer), { bytes: sent.join(''), last: 0 });
  });

  test(`what follows urgent data arrives at a ${to} when the client has reset the connection, too`, () => {
    using transfer = new Transfer({ to });
    sendWithUrgentData(transfer);
    reset(transfer);
    assert.equal(readAll(transfer).bytes, sent.join(''));
  });

  test(`what a client sent before it reset its connection arrives at a ${to} before the error`, () => {
    using transfer = new Transfer({ to });
    assert.equal(addon.send(transfer.client, Buffer.from('a whole line')), 12);
    reset(transfer);
    assert.deepEqual(readAll(transfer), { bytes: 'a whole line', last: -ECONNRESET });
  });

  test(`a dry connection to a ${to} gives EAGAIN, transfer that has ended 0`, () => {
    for (const from of ['TCP', 'Unix'] satisfies Setup['from'][]) {
      using transfer = new Transfer({ from, to });
      assert.equal(transfer.splice(), -EAGAIN);
      transfer.end();
      awaitInput(transfer.connection);
      assert.equal(transfer.splice(), 0);
    }
  });
}
