import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { descriptorsOf } from '../helpers/processes.js';
import { until } from '../helpers/until.js';
import { addon } from './addon.js';
import { awaitInput, Descriptors, destinations, patternBytes, readReady } from './descriptors.js';
import { type Setup, Transfer } from './transfer.js';

const { EINVAL } = constants.errno;

const size = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 300_000 }));
const times = fc.integer({ min: 1, max: 80 });
const turn = fc.oneof(
  size.map((bytes) => (transfer: Transfer) => {
    transfer.send(bytes);
  }),
  times.map((count) => (transfer: Transfer) => {
    for (let sent = 0; sent < count; sent += 1) transfer.send(1);
  }),
  size.map((bytes) => (transfer: Transfer) => {
    transfer.take(bytes);
  }),
  times.map((count) => (transfer: Transfer) => {
    for (let done = 0; done < count; done += 10) transfer.step();
  }),
  times.map((count) => (transfer: Transfer) => {
    for (let done = 0; done < count && transfer.output.room > 0; done += 10) transfer.append();
  }),
);

const everyKind: Setup[] = (Object.keys(destinations) as Setup['to'][]).flatMap((to) => [
  { from: 'TCP', to },
  { from: 'Unix', to },
]);

const others: Setup[] = [
  // Refused with EINVAL: goes on by copying.
  { to: 'append file', forced: ['append-file', 'splice'] },
  { from: 'Unix', to: 'append file', forced: ['append-file', 'splice'] },
  { to: 'plain file', forced: ['file', 'splice'] },
  { to: 'terminal', forced: ['terminal', 'splice'] },
  { to: 'FIFO', unread: true },
  { from: 'Unix', to: 'FIFO', unread: true },
  // A terminal that cannot be reopened.
  { to: 'Unix socket', forced: ['terminal', 'copy'] },
];

function nameOf({ from = 'TCP', to, forced, unread }: Setup): string {
  return `${from} to ${to}${unread ? ' that cannot be reopened' : ''}${forced ? `, taken for ${forced[0]}, by ${forced[1]}` : ''}`;
}

suite('what a client sends arrives exactly, however it sends and its reader stalls', () => {
  for (const setup of [...everyKind, ...others]) {
    test(nameOf(setup), () => {
      fc.assert(
        fc.property(fc.array(turn, { maxLength: 30, size: 'max' }), (turns) => {
          using transfer = new Transfer(setup);
          for (const take of turns) take(transfer);
          transfer.end();
          transfer.finish();
          transfer.assertComplete();
          transfer.assertFlagsKept();
        }),
        { numRuns: 100 },
      );
    });
  }
});

test('clients that take turns at one output do not get into each other’s bytes', () => {
  for (const setup of [{ to: 'pipe' }, { to: 'plain file' }, others[0]!] satisfies Setup[]) {
    using transfer = new Transfer(setup);
    const other = transfer.own.own(...addon.tcpPair());
    for (let round = 0; round < 40; round += 1) {
      const [client, connection] = round % 2 === 0 ? [transfer.client, transfer.connection] : other;
      const bytes = patternBytes(round * 10_000, 1 + ((round * 997) % 5000));
      assert.equal(addon.send(client, bytes), bytes.length);
      for (let moved = 0; moved < bytes.length;) {
        awaitInput(connection);
        moved += transfer.output.spliceFrom(connection);
        assert.equal(transfer.output.flush().result, 0);
      }
      assert.ok(readReady(transfer.reader).equals(bytes));
    }
  }
});

test('an append file does refuse to be spliced to', () => {
  using own = new Descriptors();
  const [reader, writer] = own.own(...addon.socketPair());
  const [pipeReader, pipeWriter] = own.own(...addon.pipe());
  assert.equal(addon.send(writer, patternBytes(0, 5)), 5);
  assert.equal(addon.splice(reader, pipeWriter, 5), 5);
  assert.equal(addon.splice(pipeReader, destinations['append file'](own).fd, 5), -EINVAL);
});

test('/dev/null takes everything', () => {
  using own = new Descriptors();
  const output = new addon.Output(own.open('/dev/null', 'w'));
  const [client, connection] = own.own(...addon.socketPair());
  assert.equal(addon.send(client, patternBytes(0, 100_000)), 100_000);
  const spliced = output.spliceFrom(connection);
  assert.ok(spliced > 0);
  assert.deepEqual(output.flush(), { result: 0, delivered: spliced });
  output.close();
});

test('an output closes its stage, and not the descriptor that it was given', () => {
  for (const to of Object.keys(destinations) as Setup['to'][]) {
    using own = new Descriptors();
    const { fd } = destinations[to](own);
    const before = descriptorsOf('self').sort();
    new addon.Output(fd).close();
    assert.deepEqual(descriptorsOf('self').sort(), before);
  }
});

test('the master side of a terminal is written to, and not another terminal', async () => {
  using own = new Descriptors();
  const [master, slave] = own.own(...addon.terminalPair());
  const [client, connection] = own.own(...addon.socketPair());
  const output = new addon.Output(master);
  assert.equal(addon.send(client, Buffer.from('bytes')), 5);
  assert.equal(output.spliceFrom(connection), 5);
  assert.deepEqual(output.flush(), { result: 0, delivered: 5 });
  output.close();
  // The kernel passes them on in its own time.
  await until('the bytes at the other side', () => addon.readableBytes(slave) === 5);
});
