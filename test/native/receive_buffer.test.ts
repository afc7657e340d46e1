import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addon } from './addon.js';
import { connections, Descriptors } from './descriptors.js';

/** A connection whose receive buffer has that size, and can grow; twice as much is set, see socket(7). */
function connectionWith(own: Descriptors, bytes: number): number {
  const { connection } = connections.TCP(own);
  addon.setReceiveBuffer(connection, bytes / 2);
  return connection;
}

const old = ((): boolean => {
  using own = new Descriptors();
  return addon.lockedBuffers(connections.TCP(own).connection) < 0;
})();

test('a small receive buffer gets room, and can grow on', { skip: old && 'before Linux 5.14' }, () => {
  using own = new Descriptors();
  const connection = connectionWith(own, 65_536);
  assert.equal(addon.lockedBuffers(connection), 2);
  addon.makeReceiveRoom(connection);
  assert.ok(addon.receiveBuffer(connection) > 65_536);
  assert.equal(addon.lockedBuffers(connection), 0);
});

test('one that has as much is left alone', (t) => {
  using own = new Descriptors();
  const connection = connectionWith(own, 425_984);
  if (addon.receiveBuffer(connection) < 425_984) {
    t.skip('net.core.rmem_max is lower');
    return;
  }
  const before = [addon.receiveBuffer(connection), addon.lockedBuffers(connection)];
  addon.makeReceiveRoom(connection);
  assert.deepEqual([addon.receiveBuffer(connection), addon.lockedBuffers(connection)], before);
});
