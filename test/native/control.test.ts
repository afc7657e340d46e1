import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { beforeEach, test } from 'node:test';

import { type Call, faked } from './fake/addon.js';

const { kernel, hostFd, maxWaiting, recordCountOffset, orderSize } = faked;
const { EAGAIN, ECONNRESET, ENOBUFS, EPIPE } = constants.errno;
const epollIn = 1;
const epollOut = 4;
const none = -1;

beforeEach(() => {
  kernel.reset();
});

function sends(calls: Call[]): Call[] {
  return calls.filter(({ name }) => name === 'send');
}

/** The counts of the records that the host got. */
function sent(calls = kernel.takeCalls()): number[] {
  return sends(calls)
    .filter(({ result }) => result > 0)
    .map(({ data }) => Number(data.readBigUInt64LE(recordCountOffset)));
}

/** What the channel was watched for, each time that this changed. */
function watched(calls: Call[]): number[] {
  return calls.filter(({ name }) => name === 'epoll_control').map(({ arguments: [, , , events] }) => events!);
}

function fillChannel(): void {
  kernel.always('send', -EAGAIN);
}

function emptyChannel(): void {
  kernel.forget('send');
}

test('a record for which there is room is sent at once, and nobody waits for room', () => {
  const control = new faked.Control();
  control.watch();
  control.write(1);
  control.write(2);
  const calls = kernel.takeCalls();
  assert.deepEqual(sent(calls), [1, 2]);
  assert.deepEqual(watched(calls), [epollIn]);
  assert.ok(sends(calls).every(({ arguments: [fd] }) => fd === hostFd));
});

test('records that find the channel full wait, and are sent in order when there is room', () => {
  const control = new faked.Control();
  control.watch();
  fillChannel();
  for (const count of [1, 2, 3]) control.write(count);
  const full = kernel.takeCalls();
  assert.deepEqual(sent(full), []);
  assert.deepEqual(watched(full), [epollIn, epollIn | epollOut]);

  emptyChannel();
  control.flush();
  const empty = kernel.takeCalls();
  assert.deepEqual(sent(empty), [1, 2, 3]);
  assert.deepEqual(watched(empty), [epollIn]);
});

test('room for some of the records leaves the others waiting', () => {
  const control = new faked.Control();
  control.watch();
  fillChannel();
  for (const count of [1, 2, 3]) control.write(count);
  kernel.takeCalls();

  kernel.script('send', [1]);
  control.flush();
  const calls = kernel.takeCalls();
  assert.deepEqual(sent(calls), [1]);
  assert.deepEqual(watched(calls), [], 'it waits for room already');

  emptyChannel();
  control.write(4);
  assert.deepEqual(sent(), [2, 3, 4]);
});

test('so many records wait and no more: the newest are dropped and counted', () => {
  const control = new faked.Control();
  fillChannel();
  for (let count = 0; count < maxWaiting + 3; count += 1) control.write(count);
  assert.equal(control.dropped, 3);
  kernel.takeCalls();
  emptyChannel();
  control.flush();
  assert.deepEqual(
    sent(),
    Array.from({ length: maxWaiting }, (_, count) => count),
  );
  control.write(maxWaiting);
  assert.deepEqual(sent(), [maxWaiting]);
  assert.equal(control.dropped, 3);
});

test('a record that the kernel refuses is counted, and holds up no other', () => {
  const control = new faked.Control();
  kernel.script('send', [-ENOBUFS]);
  control.write(1);
  control.write(2);
  assert.deepEqual(sent(), [2]);
  assert.equal(control.dropped, 1);
});

function order(kind: number, value: number): Buffer {
  const bytes = Buffer.alloc(orderSize);
  bytes.writeUInt32LE(kind, 0);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}

test('orders are taken one after the other, and none is no end', () => {
  const control = new faked.Control();
  kernel.deliver(hostFd, order(1, 5), none);
  kernel.deliver(hostFd, order(0, 9), none);
  assert.deepEqual(control.next(), { kind: 1, value: 5, signal: 0 });
  assert.deepEqual(control.next(), { kind: 0, value: 9, signal: 0 });
  assert.equal(control.next(), undefined);
  assert.equal(control.gone, false);
});

test('the descriptor of an order is its receiver’s, or closed with the next order', () => {
  const control = new faked.Control();
  kernel.deliver(hostFd, order(2, 1), 50);
  kernel.deliver(hostFd, order(2, 2), 51);
  kernel.deliver(hostFd, order(1, 3), none);
  control.next();
  assert.equal(control.takeDescriptor(), 50);
  control.next();
  control.next();
  assert.equal(control.takeDescriptor(), none);
  const closed = kernel.takeCalls().filter(({ name }) => name === 'close');
  assert.deepEqual(
    closed.map(({ arguments: [fd] }) => fd),
    [51],
  );
});

for (const [what, prepare] of [
  [
    'the end of the channel',
    () => {
      kernel.script('receive_message', [0]);
    },
  ],
  [
    'an error',
    () => {
      kernel.script('receive_message', [-ECONNRESET]);
    },
  ],
  [
    'an order that is too short',
    () => {
      kernel.deliver(hostFd, order(1, 5).subarray(0, orderSize - 1), none);
    },
  ],
] as const) {
  test(`${what} means that the host is gone: nothing is received or sent any more`, () => {
    const control = new faked.Control();
    control.watch();
    fillChannel();
    control.write(1);
    emptyChannel();
    prepare();
    kernel.takeCalls();
    assert.equal(control.next(), undefined);
    assert.ok(control.gone);
    assert.ok(kernel.takeCalls().some(({ name, arguments: [fd] }) => name === 'close' && fd === hostFd));

    kernel.deliver(hostFd, order(1, 5), none);
    assert.equal(control.next(), undefined);
    control.write(2);
    control.flush();
    control.deliverAll();
    assert.deepEqual(kernel.takeCalls(), []);
  });
}

test('at the end it waits for room until all records are sent', () => {
  const control = new faked.Control();
  fillChannel();
  for (const count of [1, 2, 3]) control.write(count);
  kernel.takeCalls();
  emptyChannel();
  kernel.script('send', [-EAGAIN, 1, -EAGAIN, -EAGAIN]);
  control.deliverAll();
  const calls = kernel.takeCalls();
  assert.deepEqual(sent(calls), [1, 2, 3]);
  assert.deepEqual(
    calls.map(({ name }) => name),
    ['send', 'poll', 'send', 'send', 'poll', 'send', 'poll', 'send', 'send'],
  );
});

test('at the end it does not wait for a host that is gone', () => {
  const control = new faked.Control();
  fillChannel();
  for (const count of [1, 2]) control.write(count);
  kernel.always('send', -EPIPE);
  kernel.takeCalls();
  control.deliverAll();
  assert.ok(kernel.takeCalls().every(({ name }) => name === 'send'));
});
