import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';

import fc from 'fast-check';

import { piece, piecesIn } from '../helpers/pieces.js';
import { addon } from './addon.js';
import { Descriptors, readReady } from './descriptors.js';

const { EAGAIN } = constants.errno;
const workers = 3;
const worker = fc.nat(workers - 1);

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), worker, size: fc.nat(200_000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('flush' as const), worker, size: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('read' as const), worker, size: fc.nat(100_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stream' as const), worker, size: fc.nat(400_000) }) },
);

test('pieces of several workers arrive whole and in their order, however the reader reads', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      using own = new Descriptors();
      const [reader, writer] = own.own(...addon.pipe());
      const pool = new addon.Deliverers(writer, workers);
      const added = Array.from({ length: workers }, () => [] as number[]);
      const streams = new Map<number, Buffer>();
      const received: Buffer[] = [];
      let numbers = 0;
      const flush = (one: number): void => {
        const result = pool.flush(one);
        assert.ok(result === 0 || result === -EAGAIN);
        assert.equal(result === 0, pool.pending(one) === 0);
      };
      const goOn = (one: number, rest: Buffer): void => {
        pool.add(one, rest.subarray(0, 100_000));
        if (rest.length > 100_000) {
          streams.set(one, rest.subarray(100_000));
        } else {
          streams.delete(one);
          pool.end(one);
        }
      };
      for (const { kind, worker: one, size } of steps) {
        if (kind === 'read') received.push(readReady(reader, size));
        if (kind === 'flush') flush(one);
        if (kind === 'add' && pool.flows(one)) {
          added[one]!.push(++numbers);
          pool.add(one, piece(numbers, size));
        }
        if (kind === 'stream' && pool.flows(one)) {
          added[one]!.push(++numbers);
          pool.open(one);
          goOn(one, piece(numbers, size));
        }
        const rest = streams.get(one);
        if (kind === 'flush' && rest !== undefined && pool.pending(one) === 0) goOn(one, rest);
      }
      for (let left = true; left;) {
        left = false;
        for (let one = 0; one < workers; one++) {
          flush(one);
          const rest = streams.get(one);
          if (rest !== undefined && pool.pending(one) === 0) goOn(one, rest);
          left ||= pool.pending(one) > 0 || streams.has(one);
        }
        received.push(readReady(reader, Infinity));
      }
      for (let one = 0; one < workers; one++) flush(one);
      received.push(readReady(reader, Infinity));
      const found = piecesIn(Buffer.concat(received));
      assert.equal(found.length, numbers);
      for (let one = 0; one < workers; one++) {
        assert.deepEqual(
          found.filter((number) => added[one]!.includes(number)),
          added[one],
        );
        assert.equal(pool.counted(one), pool.delivered(one));
      }
      pool.close();
    }),
    { numRuns: 60 },
  );
});

test('who has no turn waits for it, who has it waits for room', () => {
  using own = new Descriptors();
  const [, writer] = own.own(...addon.pipe());
  const pool = new addon.Deliverers(writer, 2);
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
  const pool = new addon.Deliverers(writer, 1);
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
    ['a whole piece was', ['a'.repeat(10)], /^a{10}next$/],
    ['a part of one was', ['a'.repeat(2 ** 20)], /^a+\nnext$/],
    ['a part of a line was', ['a'.repeat(4095).concat('\n').repeat(255), 'a'.repeat(10)], /^(a{4095}\n)+next$/],
  ] as const) {
    using own = new Descriptors();
    const [reader, writer] = own.own(...addon.pipe());
    const pool = new addon.Deliverers(writer, 3);
    for (const one of pieces) pool.add(0, Buffer.from(one));
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

test('who dies while it ends a torn piece leaves that to the next', () => {
  using own = new Descriptors();
  const [reader, writer] = own.own(...addon.pipe());
  const pool = new addon.Deliverers(writer, letters.length);
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
  const pool = new addon.Deliverers(writer, 1);
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

test('an answer is dated as RFC 9110 has it', () => {
  assert.match(
    addon.httpReply(204, 784_111_777),
    /^HTTP\/1\.1 204 No Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n/,
  );
  assert.match(addon.httpReply(204, 784_111_778), /Date: Sun, 06 Nov 1994 08:49:38 GMT/);
});

for (const status of [200, 204, 400, 404, 405, 408, 413, 414, 415, 417, 431, 501, 503, 505]) {
  test(`an answer of ${status} says its name and how long it is`, () => {
    const [head = '', body = ''] = addon.httpReply(status, 0).split('\r\n\r\n');
    assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} [A-Z][A-Za-z -]+\\r\\n`));
    assert.doesNotMatch(head, / Error\r/);
    assert.equal(/Content-Length: (\d+)/.exec(head)?.[1], status === 204 ? undefined : String(body.length));
  });
}
