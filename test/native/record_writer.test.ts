import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';

import fc from 'fast-check';

import { piece, piecesIn } from '../helpers/pieces.js';
import { addon } from './addon.js';
import { Descriptors, readReady } from './descriptors.js';

const { EAGAIN, ENOSPC } = constants.errno;
const workers = 3;
const anyWorker = fc.nat(workers - 1);

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), worker: anyWorker, size: fc.nat(200_000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('flush' as const), worker: anyWorker, size: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('read' as const), worker: anyWorker, size: fc.nat(100_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('stream' as const), worker: anyWorker, size: fc.nat(400_000) }),
  },
);

test('records of several workers arrive whole and in their order, however the reader reads', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      using own = new Descriptors();
      const [reader, writer] = own.own(...addon.pipe());
      const pool = new addon.RecordWriters(writer, workers, 'records');
      const added = Array.from({ length: workers }, () => [] as number[]);
      const streams = new Map<number, Buffer>();
      const received: Buffer[] = [];
      let numbers = 0;
      const flush = (worker: number): void => {
        const result = pool.flush(worker);
        assert.ok(result === 0 || result === -EAGAIN);
        assert.equal(result === 0, pool.pending(worker) === 0);
      };
      const goOn = (worker: number, rest: Buffer): void => {
        pool.add(worker, rest.subarray(0, 100_000));
        if (rest.length > 100_000) {
          streams.set(worker, rest.subarray(100_000));
        } else {
          streams.delete(worker);
          pool.end(worker);
        }
      };
      for (const { kind, worker, size } of steps) {
        if (kind === 'read') received.push(readReady(reader, size));
        if (kind === 'flush') flush(worker);
        if (kind === 'add' && pool.takesRecords(worker)) {
          added[worker]!.push(++numbers);
          pool.add(worker, piece(numbers, size));
        }
        if (kind === 'stream' && pool.takesRecords(worker)) {
          added[worker]!.push(++numbers);
          pool.open(worker);
          goOn(worker, piece(numbers, size));
        }
        const rest = streams.get(worker);
        if (kind === 'flush' && rest !== undefined && pool.pending(worker) === 0) goOn(worker, rest);
      }
      for (let left = true; left;) {
        left = false;
        for (let worker = 0; worker < workers; worker++) {
          flush(worker);
          const rest = streams.get(worker);
          if (rest !== undefined && pool.pending(worker) === 0) goOn(worker, rest);
          left ||= pool.pending(worker) > 0 || streams.has(worker);
        }
        received.push(readReady(reader, Infinity));
      }
      for (let worker = 0; worker < workers; worker++) flush(worker);
      received.push(readReady(reader, Infinity));
      const found = piecesIn(Buffer.concat(received));
      assert.equal(found.length, numbers);
      for (let worker = 0; worker < workers; worker++) {
        assert.deepEqual(
          found.filter((number) => added[worker]!.includes(number)),
          added[worker],
        );
        assert.equal(pool.counted(worker), pool.delivered(worker));
      }
      pool.close();
    }),
    { numRuns: 60 },
  );
});

test('a worker without the lock waits for it, the worker with it waits for room', () => {
  using own = new Descriptors();
  const [, writer] = own.own(...addon.pipe());
  const pool = new addon.RecordWriters(writer, 2, 'records');
  pool.add(0, Buffer.alloc(2 ** 20));
  assert.equal(pool.flush(0), -EAGAIN);
  assert.equal(pool.waitsForLock(0), false);
  pool.add(1, Buffer.alloc(1));
  assert.equal(pool.flush(1), -EAGAIN);
  assert.equal(pool.waitsForLock(1), true);
  pool.close();
});

test('an output that takes a little at a time is not stuck', () => {
  using own = new Descriptors();
  const [reader, writer] = own.own(...addon.pipe());
  const pool = new addon.RecordWriters(writer, 1, 'records');
  pool.add(0, Buffer.alloc(2 ** 22));
  assert.equal(pool.flush(0), -EAGAIN);
  for (let round = 0; round < 10; round++) {
    assert.ok(readReady(reader, 2 ** 16).length > 0);
    const before = process.hrtime.bigint();
    assert.equal(pool.flush(0), -EAGAIN);
    const stuck = BigInt(pool.blockedNs(0));
    assert.ok(process.hrtime.bigint() - stuck >= before, 'counted from before it took something');
  }
  const before = process.hrtime.bigint();
  assert.equal(pool.flush(0), -EAGAIN);
  assert.ok(process.hrtime.bigint() - BigInt(pool.blockedNs(0)) < before, 'counted anew although it took nothing');
  pool.close();
});

const letters = 'abc';

test('what a worker leaves torn is ended by the next to write, with one newline where none is known to be', () => {
  for (const [what, pieces, expected] of [
    ['nothing was out', ['', 'a'.repeat(10)], /^next$/],
    ['a whole record was', ['a'.repeat(10)], /^a{10}next$/],
    ['a part of a record was', ['a'.repeat(2 ** 20)], /^a+\nnext$/],
    ['a part of a line was', ['a'.repeat(4095).concat('\n').repeat(255), 'a'.repeat(10)], /^(a{4095}\n)+next$/],
  ] as const) {
    using own = new Descriptors();
    const [reader, writer] = own.own(...addon.pipe());
    const pool = new addon.RecordWriters(writer, 3, 'records');
    for (const record of pieces) pool.add(0, Buffer.from(record));
    if (what !== 'nothing was out') pool.flush(0);
    const torn = pool.pending(0) > 0 && what !== 'nothing was out';
    assert.equal(torn, what.startsWith('a part'), what);
    pool.die(0);
    const received = [readReady(reader, Infinity)];
    pool.add(1, Buffer.from('next'));
    assert.equal(pool.flush(1), 0);
    assert.equal(pool.mended(1), torn ? 1 : 0, what);
    received.push(readReady(reader, Infinity));
    assert.match(Buffer.concat(received).toString(), expected, what);
    pool.close();
  }
});

test('a worker that dies while it ends a torn record leaves that to the next', () => {
  using own = new Descriptors();
  const [reader, writer] = own.own(...addon.pipe());
  const pool = new addon.RecordWriters(writer, letters.length, 'records');
  for (const [worker, letter] of Array.from(letters).entries()) {
    pool.add(worker, Buffer.alloc(2 ** 20, letter));
    assert.equal(pool.flush(worker), -EAGAIN);
    if (worker < 2) pool.die(worker);
  }
  const received = [readReady(reader, Infinity)];
  while (pool.flush(2) === -EAGAIN) received.push(readReady(reader, Infinity));
  received.push(readReady(reader, Infinity));
  assert.match(Buffer.concat(received).toString(), /^a+\nc{1048576}$/);
  assert.equal(pool.mended(2), 1);
  pool.close();
});

test('what is taken back is all that is not on its way, and not a byte more', () => {
  using own = new Descriptors();
  const [reader, writer] = own.own(...addon.pipe());
  const pool = new addon.RecordWriters(writer, 1, 'records');
  for (const letter of letters) pool.add(0, Buffer.alloc(300_000, letter));
  assert.equal(pool.flush(0), -EAGAIN);
  // The second has begun.
  assert.ok(pool.committed(0) > 300_000 && pool.committed(0) < 600_000);
  pool.takeBack(0, 600_000);
  const received = [readReady(reader, Infinity)];
  while (pool.flush(0) === -EAGAIN) received.push(readReady(reader, Infinity));
  received.push(readReady(reader, Infinity));
  assert.match(Buffer.concat(received).toString(), /^a{300000}b{300000}$/);
  assert.equal(pool.delivered(0), 600_000);
  pool.add(0, Buffer.from('d'));
  assert.equal(pool.flush(0), 0);
  assert.equal(readReady(reader, Infinity).toString(), 'd');
  pool.close();
});

test('where bytes may mix, room is waited for in turns, and a worker in a hurry goes without', () => {
  using own = new Descriptors();
  const [reader, writer] = own.own(...addon.pipe());
  const pool = new addon.RecordWriters(writer, 2, 'bytes');
  pool.add(0, Buffer.alloc(2 ** 20));
  assert.equal(pool.flush(0), -EAGAIN);
  assert.deepEqual([pool.waitsForLock(0), pool.stalled(0)], [false, true]);
  pool.add(1, Buffer.alloc(2 ** 20));
  assert.equal(pool.flush(1), -EAGAIN);
  assert.deepEqual([pool.waitsForLock(1), pool.stalled(1)], [true, false]);
  pool.hurry(1);
  assert.equal(pool.flush(1), -EAGAIN);
  assert.deepEqual([pool.waitsForLock(1), pool.stalled(1)], [false, true]);
  let received = 0;
  for (const worker of [1, 0]) {
    while (pool.flush(worker) === -EAGAIN) received += readReady(reader).length;
    assert.equal(pool.stalled(worker), false);
  }
  assert.equal(received + readReady(reader).length, 2 * 2 ** 20);
  pool.close();
});

test('a broken output stays broken, and keeps what it did not take', () => {
  for (const sharing of ['bytes', 'records'] as const) {
    using own = new Descriptors();
    const pool = new addon.RecordWriters(own.open('/dev/full', 'w'), 1, sharing);
    pool.add(0, Buffer.alloc(10));
    for (let round = 0; round < 2; round++) {
      assert.equal(pool.flush(0), -ENOSPC);
      assert.deepEqual([pool.broken(0), pool.pending(0), pool.stalled(0)], [true, 10, false]);
    }
    pool.close();
  }
});
