import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { addon } from './addon.js';

interface Client {
  port: number;
  received: number;
}

const operation = fc.record({
  kind: fc.constantFrom('open', 'close', 'receive'),
  fd: fc.oneof(fc.integer({ min: 3, max: 40 }), fc.integer({ min: 3, max: 70_000 })),
  value: fc.nat(65_535),
});

function ascending(fds: Iterable<number>): number[] {
  return [...fds].sort((a, b) => a - b);
}

test('the table holds exactly the clients that are connected, each with its own data, at any descriptor', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 100 }), (operations) => {
      const table = new addon.ConnectionTable();
      const model = new Map<number, Client>();
      for (const { kind, fd, value } of operations) {
        const client = model.get(fd);
        if (kind === 'open' && client === undefined) {
          table.open(fd, value);
          model.set(fd, { port: value, received: 0 });
        } else if (kind === 'close' && client !== undefined) {
          table.close(fd);
          model.delete(fd);
        } else if (kind === 'receive' && client !== undefined) {
          table.receive(fd, value);
          client.received += value;
        }
        assert.equal(table.count, model.size);
        assert.equal(table.contains(fd), model.has(fd));
      }
      assert.deepEqual(table.visit(), ascending(model.keys()));
      for (const [fd, { port, received }] of model) {
        assert.equal(table.portOf(fd), port);
        assert.equal(table.receivedBy(fd), received);
      }
    }),
  );
});

test('a descriptor that is used again starts from nothing', () => {
  const table = new addon.ConnectionTable();
  table.open(7, 1000);
  table.receive(7, 5);
  table.close(7);
  table.open(7, 2000);
  assert.equal(table.portOf(7), 2000);
  assert.equal(table.receivedBy(7), 0);
});

test('a visitor may close each connection that it is given', () => {
  const fds = fc.uniqueArray(fc.integer({ min: 0, max: 5000 }));
  fc.assert(
    fc.property(fds, (open) => {
      const table = new addon.ConnectionTable();
      for (const fd of open) table.open(fd, 0);
      assert.deepEqual(table.closeAll(), ascending(open));
      assert.equal(table.count, 0);
      assert.deepEqual(table.visit(), []);
    }),
  );
});

test('descriptors that were never seen are in no table', () => {
  const table = new addon.ConnectionTable();
  assert.equal(table.contains(0), false);
  assert.equal(table.contains(1_000_000), false);
});

test('an event of a connection that has been closed finds none of those that came after it', () => {
  const table = new addon.ConnectionTable();
  table.open(7, 1000);
  const former = table.generationOf(7);
  assert.ok(table.containsGeneration(7, former));
  table.close(7);
  assert.ok(!table.containsGeneration(7, former));
  table.open(7, 2000);
  assert.ok(!table.containsGeneration(7, former));
  assert.ok(table.containsGeneration(7, table.generationOf(7)));
});

test('a table refuses a descriptor for which it has no slot', () => {
  const table = new addon.ConnectionTable();
  assert.throws(() => {
    table.open(70_001, 1000);
  });
  assert.equal(table.count, 0);
});
