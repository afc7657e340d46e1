import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';

import { addon } from './addon.js';
import { awaitInput, Descriptors } from './descriptors.js';
import { Transfer } from './transfer.js';

const { EAGAIN, ECONNRESET, EIO, ENOSPC, EPIPE } = constants.errno;

for (const to of ['pipe', 'Unix socket', 'TCP socket', 'terminal'] as const) {
  test(`a full ${to} gives EAGAIN at once, and gets the rest when there is room`, () => {
    using one = new Transfer({ to });
    one.stall();
    assert.ok(one.output.pending > 0);
    one.end();
    one.finish();
    one.assertComplete();
    one.assertFlagsKept();
  });
}

test('a terminal that cannot be reopened gives EAGAIN, too, when it is full', () => {
  using one = new Transfer({ to: 'Unix socket', forced: ['terminal', 'copy'] });
  assert.equal(one.output.fd, one.fd);
  one.stall();
  one.end();
  one.finish();
  one.assertComplete();
});

test('a pipe that cannot be reopened gives EAGAIN, too, when it is full, and gets the rest', () => {
  using one = new Transfer({ to: 'FIFO', unread: true });
  assert.equal(one.output.fd, one.fd);
  for (let result = 0; result === 0; result = one.flush()) {
    one.send(2 ** 16);
    awaitInput(one.connection);
    assert.ok(one.append() > 0);
  }
  assert.equal(one.flush(), -EAGAIN);
  one.end();
  one.finish();
  one.assertComplete();
  one.assertFlagsKept();
});

test('a pipe whose slots are all taken by single bytes gives EAGAIN, and nothing is lost', () => {
  using one = new Transfer({ from: 'Unix', to: 'pipe' });
  assert.ok(addon.setPipeSize(one.fd, 4 * 4096) > 0);
  for (let sent = 0; sent < 60; sent += 1) one.send(1);
  assert.ok(one.splice() > 4);
  assert.equal(one.flush(), -EAGAIN);
  one.end();
  one.finish();
  one.assertComplete();
});

for (const to of ['pipe', 'Unix socket'] as const) {
  test(`a ${to} whose reader has gone gives EPIPE`, () => {
    using one = new Transfer({ to });
    one.own.close(one.reader);
    one.stage(1000);
    assert.equal(one.flush(), -EPIPE);
    assert.equal(one.flush(), -EPIPE);
    assert.equal(one.output.pending, 1000);
  });
}

test('a pipe whose reader goes away while it is full gives EPIPE', () => {
  using one = new Transfer({ to: 'pipe' });
  one.stall();
  one.own.close(one.reader);
  assert.equal(one.flush(), -EPIPE);
});

test('a TCP socket whose reader has gone gives an error as soon as it is told', () => {
  using one = new Transfer({ to: 'TCP socket' });
  one.own.close(one.reader);
  let result = 0;
  while (result === 0) {
    one.stage(1000);
    result = one.flush();
  }
  assert.ok([-EPIPE, -ECONNRESET].includes(result), `errno ${-result}`);
});

test('a terminal that has hung up gives EIO', () => {
  using one = new Transfer({ to: 'terminal' });
  one.stage(1000);
  one.own.close(one.reader);
  assert.equal(one.flush(), -EIO);
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
