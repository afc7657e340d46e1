import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { beforeEach, test } from 'node:test';

import { type Call, faked, type WorkerChannels } from './fake/addon.js';

const { kernel } = faked;
const { EAGAIN, EMFILE, EPIPE } = constants.errno;
const slot = 3;
const accept = 'a'.charCodeAt(0);
const reopen = 'o'.charCodeAt(0);

beforeEach(() => {
  kernel.reset();
});

function called(name: string, calls = kernel.takeCalls()): Call[] {
  return calls.filter((call) => call.name === name);
}

/** Opens a channel, and returns the tag that its events carry. */
function open(channels: WorkerChannels, fd: number): [high: number, low: number] {
  kernel.takeCalls();
  channels.open(slot, fd);
  const [, , watched, , high, low] = called('epoll_control')[0]!.arguments;
  assert.equal(watched, fd);
  return [high!, low!];
}

test('an event of a channel that has been closed is not taken for one of its successor, which may have its descriptor', () => {
  const channels = new faked.WorkerChannels();
  const first = open(channels, 50);
  assert.ok(channels.isCurrent(...first));
  channels.close(slot);
  assert.ok(!channels.isCurrent(...first), 'nothing is open there');
  const second = open(channels, 50);
  assert.ok(channels.isCurrent(...second));
  assert.ok(!channels.isCurrent(...first));
});

test('a channel is taken out of the poller before it is closed, and once', () => {
  const channels = new faked.WorkerChannels();
  open(channels, 50);
  channels.close(slot);
  channels.close(slot);
  assert.deepEqual(
    kernel.takeCalls().map(({ name, arguments: [first, , third] }) => [name, name === 'close' ? first : third]),
    [
      ['epoll_control', 50],
      ['close', 50],
    ],
  );
});

test('a channel that cannot be watched is closed', () => {
  const channels = new faked.WorkerChannels();
  kernel.script('epoll_control', [-EMFILE]);
  assert.throws(() => {
    channels.open(slot, 50);
  }, /epoll_ctl/);
  assert.ok(!channels.isOpen(slot));
  assert.equal(called('close').length, 1);
});

test('an order is a byte, as often as it is meant, and has not arrived where the channel takes less or has ended', () => {
  const channels = new faked.WorkerChannels();
  open(channels, 50);
  assert.ok(channels.orderAccept(slot, 3));
  assert.deepEqual([...called('send')[0]!.data], [accept, accept, accept]);
  for (const result of [2, -EAGAIN, -EPIPE]) {
    kernel.script('send', [result]);
    assert.ok(!channels.orderAccept(slot, 3), String(result));
  }
  channels.close(slot);
  kernel.takeCalls();
  assert.ok(!channels.orderAccept(slot, 1));
  assert.deepEqual(kernel.takeCalls(), []);
});

test('the order to reopen takes the descriptor along', () => {
  const channels = new faked.WorkerChannels();
  open(channels, 50);
  assert.equal(channels.orderReopen(slot, 1), 1);
  const [sent] = called('send_message');
  assert.deepEqual(sent!.arguments, [50, 1]);
  assert.deepEqual([...sent!.data], [reopen]);
  channels.close(slot);
  assert.equal(channels.orderReopen(slot, 1), -EPIPE);
});
