import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { addon, type DrainingConnection } from './addon.js';

const { silentPauseMs, sendingPauseMs, limitMs } = addon.drain;

/** A connection for which the drain began at time 0, with so much received before and so much waiting to be read. */
function draining(before: number, arrived: number): DrainingConnection {
  const client = new addon.DrainingConnection();
  client.receive(before);
  client.begin(arrived, 0);
  return client;
}

function read(client: DrainingConnection, bytes: number, now: number): void {
  client.receive(bytes);
  client.received(now, now);
}

function complete(client: DrainingConnection, now: number): boolean {
  return client.complete(now, now);
}

const reads = fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 5000 }), ms: fc.nat(3000) }), { maxLength: 40 });

test('no connection is complete before all that had arrived is read, however long that takes', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.integer({ min: 1, max: 100_000 }), reads, (before, arrived, sequence) => {
      const client = draining(before, arrived);
      let now = 0;
      let readBytes = 0;
      for (const { bytes, ms } of sequence) {
        now += ms;
        if (readBytes < arrived) assert.equal(complete(client, now), false);
        read(client, bytes, now);
        readBytes += bytes;
        if (readBytes < arrived) assert.equal(complete(client, now + 1_000_000), false);
      }
    }),
  );
});

test('a client that had nothing to say is complete after the short pause', () => {
  const client = draining(1000, 0);
  assert.equal(complete(client, silentPauseMs - 1), false);
  assert.equal(complete(client, silentPauseMs), true);
});

test('a client that has gone on sending is complete after the long pause', () => {
  const client = draining(1000, 10);
  read(client, 20, 5);
  assert.equal(complete(client, 5 + sendingPauseMs - 1), false);
  assert.equal(complete(client, 5 + sendingPauseMs), true);
});

test('every read starts the pause again', () => {
  const client = draining(0, 0);
  read(client, 1, 10);
  read(client, 1, sendingPauseMs);
  assert.equal(complete(client, 2 * sendingPauseMs - 1), false);
  assert.equal(complete(client, 2 * sendingPauseMs), true);
});

test('a client that never pauses is complete after the limit', () => {
  const client = draining(0, 1000);
  for (let now = 1; now < limitMs; now += 1) {
    read(client, 1000, now);
    assert.equal(complete(client, now), false);
  }
  read(client, 1000, limitMs + 1);
  assert.equal(complete(client, limitMs + 1), true);
});

test('while the output is blocked no pause passes, but the limit does', () => {
  const client = draining(0, 1000);
  client.receive(1000);
  assert.equal(client.received(0, 0), true);
  assert.equal(client.complete(0, limitMs - 1), false);
  assert.equal(client.complete(0, limitMs), true);
});

test('what had arrived is owed for however long the output is blocked', () => {
  const client = draining(0, 1000);
  client.receive(999);
  assert.equal(client.received(0, 0), false);
  assert.equal(client.complete(0, 1000 * limitMs), false);
  assert.equal(client.cutOff(1000 * limitMs), false);
});

test('of what waits in a socket, only what had arrived when the drain began is owed', () => {
  const client = draining(7, 1000);
  assert.deepEqual(
    [0, 400, 1000, 5000].map((waiting) => client.owedOf(waiting)),
    [0, 400, 1000, 1000],
  );
  read(client, 900, 1);
  assert.equal(client.owedOf(5000), 100);
  read(client, 100, 2);
  assert.equal(client.owedOf(5000), 0);
});

test('a client that waited for the debts of others has the pause and the limit from then on', () => {
  const client = draining(1000, 0);
  client.beginGrace(5 * limitMs);
  assert.equal(complete(client, 5 * limitMs + silentPauseMs - 1), false);
  assert.equal(complete(client, 5 * limitMs + silentPauseMs), true);
  assert.equal(client.cutOff(6 * limitMs - 1), false);
  assert.equal(client.cutOff(6 * limitMs), true);
});

test('once complete, always complete, unless the client sends again', () => {
  fc.assert(
    fc.property(fc.nat(1000), reads, fc.array(fc.nat(1000)), (arrived, sequence, waits) => {
      const client = draining(0, arrived);
      let now = 0;
      for (const { bytes, ms } of sequence) read(client, bytes, (now += ms));
      let before = false;
      for (const ms of waits) {
        const after = complete(client, (now += ms));
        assert.ok(after || !before);
        before = after;
      }
    }),
  );
});

test('a client whose waiting bytes are read late has the pause and the limit from then on', () => {
  const client = draining(0, 1000);
  // The worker was busy with its other clients for so long.
  const late = limitMs + 1;
  read(client, 1000, late);
  assert.equal(complete(client, late), false);
  assert.equal(complete(client, late + sendingPauseMs), true);
});
