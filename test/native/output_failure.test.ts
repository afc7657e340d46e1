import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';

import { addon } from './addon.js';
import { awaitInput, Descriptors } from './descriptors.js';
import { Transfer } from './transfer.js';

const { EAGAIN, ECONNRESET, EIO, ENOSPC, EPIPE } = constants.errno;

for (const to of ['pipe', 'Unix socket', 'TCP socket', 'terminal'] as const) {
  test(`a full ${to} gives EAGAIN at once, and gets the rest when there is room`, () => {
    using transfer = new Transfer({ to });
    transfer.stall();
    assert.ok(transfer.output.pending > 0);
    transfer.end();
    transfer.finish();
    transfer.assertComplete();
    transfer.assertFlagsKept();
  });
}

test('a terminal that cannot be reopened gives EAGAIN, too, when it is full', () => {
  using transfer = new Transfer({ to: 'Unix socket', forced: ['terminal', 'copy'] });
  assert.equal(transfer.output.fd, transfer.fd);
  transfer.stall();
  transfer.end();
  transfer.finish();
  transfer.assertComplete();
});

test('a pipe that cannot be reopened gives EAGAIN, too, when it is full, and gets the rest', () => {
  using transfer = new Transfer({ to: 'FIFO', unread: true });
  assert.equal(transfer.output.fd, transfer.fd);
  for (let result = 0; result === 0; result = transfer.flush()) {
    transfer.send(2 ** 16);
    awaitInput(transfer.connection);
    assert.ok(transfer.append() > 0);
  }
  assert.equal(transfer.flush(), -EAGAIN);
  transfer.end();
  transfer.finish();
  transfer.assertComplete();
  transfer.assertFlagsKept();
});

test('a pipe whose slots are all taken by single bytes gives EAGAIN, and nothing is lost', () => {
  using transfer = new Transfer({ from: 'Unix', to: 'pipe' });
  assert.ok(addon.setPipeSize(transfer.fd, 4 * 4096) > 0);
  for (let sent = 0; sent < 60; sent += 1) transfer.send(1);
  assert.ok(transfer.splice() > 4);
  assert.equal(transfer.flush(), -EAGAIN);
  transfer.end();
  transfer.finish();
  transfer.assertComplete();
});

for (const to of ['pipe', 'Unix socket'] as const) {
  test(`a ${to} whose reader has gone gives EPIPE`, () => {
    using transfer = new Transfer({ to });
    transfer.own.close(transfer.reader);
    transfer.stage(1000);
    assert.equal(transfer.flush(), -EPIPE);
    assert.equal(transfer.flush(), -EPIPE);
    assert.equal(transfer.output.pending, 1000);
  });
}

test('a pipe whose reader goes away while it is full gives EPIPE', () => {
  using transfer = new Transfer({ to: 'pipe' });
  transfer.stall();
  transfer.own.close(transfer.reader);
  assert.equal(transfer.flush(), -EPIPE);
});

test('a TCP socket whose reader has gone gives an error as soon as it is told', () => {
  using transfer = new Transfer({ to: 'TCP socket' });
  transfer.own.close(transfer.reader);
  let result = 0;
  while (result === 0) {
    transfer.stage(1000);
    result = transfer.flush();
  }
  assert.ok([-EPIPE, -ECONNRESET].includes(result), `errno ${-result}`);
});

test('a terminal that has hung up gives EIO', () => {
  using transfer = new Transfer({ to: 'terminal' });
  transfer.stage(1000);
  transfer.own.close(transfer.reader);
  assert.equal(transfer.flush(), -EIO);
});

test('a full disk gives ENOSPC, and what it did not take stays counted', () => {
  using own = new Descriptors();
  const output = new addon.Output(own.open('/dev/full', 'w'));
  const [client, connection] = own.own(...addon.socketPair());
  assert.equal(addon.send(client, new Uint8Array(1000)), 1000);
  assert.equal(output.spliceFrom(connection), 1000);
  assert.deepEqual(output.flush(), { result: -ENOSPC, delivered: 0 });
  assert.equal(output.pending, 1000);
  output.close();
});
