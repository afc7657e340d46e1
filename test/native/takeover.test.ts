import assert from 'node:assert/strict';
import { readSync, writeSync } from 'node:fs';
import { suite, test } from 'node:test';

import { addon, type Change, type Count, type IntentCall, type LeftMemory } from './addon.js';
import { Descriptors, destinations } from './descriptors.js';

const counts: Count[] = ['begin', 'end', 'piped', 'staged', 'received', 'in', 'out', 'closed'];

/** A call as the worker makes it. */
interface Made {
  call: IntentCall;
  changes: Change[];
  /** What it did is known only to a worker that lives: it is taken for not done. */
  untold?: true;
  /** It is none of the kernel's: whoever repairs does it. */
  own?: true;
  max?: number;
}

const made: Made[] = [
  { call: 'receive', changes: ['+end', '+received', '+in'] },
  { call: 'fill-pipe', changes: ['+piped', '+received', '+in'] },
  { call: 'fill-pipe', changes: ['+begin', '+piped'] },
  { call: 'drain-pipe', changes: ['-piped', '+out'] },
  { call: 'drain-pipe', changes: ['-piped', '+end'] },
  { call: 'send', changes: ['+begin', '+out'] },
  { call: 'write-file', changes: ['+begin', '+out'] },
  { call: 'write', changes: ['+begin', '+out'], untold: true },
  { call: 'advance', changes: ['+end', '+staged'], own: true },
  { call: 'close', changes: ['+closed', '+out'], own: true, max: 1 },
  { call: 'accept', changes: [] },
  { call: 'watch', changes: [] },
];

/** What the calls change, in a kernel: a private pipe, a file's offset, and the length that is noted. */
class Kernel {
  pipe = 1000;
  offset = 5000;

  constructor(readonly memory: LeftMemory) {}

  before(call: IntentCall): number {
    if (call === 'fill-pipe' || call === 'drain-pipe') return this.pipe;
    return call === 'write-file' ? this.offset : 0;
  }

  move({ call }: Made, bytes: number): void {
    if (call === 'fill-pipe') this.pipe += bytes;
    if (call === 'drain-pipe') this.pipe -= bytes;
    if (call === 'write-file') this.offset += bytes;
    if (call === 'receive' || call === 'send') this.memory.noteLength(bytes);
  }
}

const valuesOf = (memory: LeftMemory): Record<string, number> =>
  Object.fromEntries(counts.map((name) => [name, memory.get(name)]));

const memory = new addon.LeftMemory();

/** The memory with something in every count, and the length of a former call in its intent. */
function use(): void {
  counts.forEach((name, index) => {
    memory.set(name, 1000 + index);
  });
  memory.begin('receive', 0, 300, ['+end']);
  memory.noteLength(77);
  memory.end(77);
}

const maxOf = ({ max = 700 }: Made): number => max;

/** Every way in which up to three that repair are killed: after how many stores each. */
function interruptions(stores: number): number[][] {
  const once = Array.from({ length: stores + 1 }, (_, count) => [count]);
  const longer = (shorter: number[][]): number[][] => shorter.flatMap((some) => once.map((last) => [...some, ...last]));
  return [[], ...once, ...longer(once), ...longer(longer(once))];
}

type Death = 'before the call' | 'in the call' | `after ${number} of the counts`;

function* deaths({ changes, own }: Made): Generator<Death> {
  if (own !== true) yield 'before the call';
  yield 'in the call';
  for (let stores = 1; stores <= changes.length; stores += 1) yield `after ${stores} of the counts`;
}

suite('whenever a worker dies, the counts say what the call did', () => {
  for (const each of made) {
    test(`${each.call}, ${each.changes.join(' ')}`, () => {
      const max = maxOf(each);
      const results = each.own ? [max] : [0, 1, max - 1, max];
      for (const result of results) {
        for (const death of deaths(each)) {
          for (const interrupted of interruptions(each.changes.length)) {
            use();
            const kernel = new Kernel(memory);
            const expected = valuesOf(memory);
            memory.begin(each.call, kernel.before(each.call), max, each.changes);
            const stored = Number(/\d+/.exec(death)?.[0] ?? 0);
            if (death !== 'before the call') kernel.move(each, result);
            memory.store(result, stored);

            const answer = (): number => kernel.before(each.call);
            for (const stores of interrupted) memory.store(memory.moved(answer()), stores);
            memory.end(memory.moved(answer()));

            const done = death === 'before the call' || each.untold ? 0 : result;
            for (const change of each.changes) {
              expected[change.slice(1)]! += change.startsWith('+') ? done : -done;
            }
            const way = `${result} bytes, ${death}, repairs of ${interrupted.join(', ')} stores`;
            assert.deepEqual(valuesOf(memory), expected, way);
            assert.equal(memory.underWay, 'none');
          }
        }
      }
    });
  }
});

test('no answer of the kernel, however wrong, makes a call move more than it could', () => {
  const answers = [0, 1, 299, 300, 999, 1000, 1001, 1699, 1700, 1701, 2 ** 40];
  for (const each of made) {
    for (const before of [0, 1, 1000, 2 ** 40]) {
      for (const answer of answers) {
        use();
        memory.begin(each.call, before, 700, []);
        memory.noteLength(answer % 2 ** 32);
        const moved = memory.moved(answer);
        assert.ok(moved >= 0 && moved <= 700, `${each.call}: ${before}, then ${answer}: ${moved}`);
        assert.equal(memory.moved(answer), moved);
      }
    }
  }
});

test('a file that others have truncated or written to counts as much as it can have taken', () => {
  use();
  memory.begin('write-file', 5000, 700, []);
  const moved = [0, 100, 700, 4999, 5000, 5300, 5700, 9000].map((offset) => memory.moved(offset));
  assert.deepEqual(moved, [0, 100, 700, 700, 0, 300, 700, 700]);
});

test('what a call has left is none of the next one, if that was not made', () => {
  for (const call of ['receive', 'send'] as const) {
    use();
    memory.begin(call, 0, 700, []);
    assert.equal(memory.moved(0), 0);
  }
});

suite('a real output is asked what the call did', () => {
  const sizes = [0, 1, 32, 4000];

  /** With so many bytes in the staging buffer. */
  function left(own: Descriptors, to: keyof typeof destinations, staged: number): { memory: LeftMemory; fd: number } {
    const { fd } = destinations[to](own);
    const memory = new addon.LeftMemory(fd);
    memory.set('end', staged);
    return { memory, fd };
  }

  function repaired(memory: LeftMemory, expected: Partial<Record<Count, number>>): void {
    memory.repair();
    memory.repair();
    for (const [name, value] of Object.entries(expected)) assert.equal(memory.get(name as Count), value, name);
    assert.equal(memory.underWay, 'none');
    memory.close();
  }

  for (const size of sizes) {
    test(`its private pipe, after ${size} bytes to it`, () => {
      using own = new Descriptors();
      const { memory } = left(own, 'pipe', 5000);
      memory.begin('fill-pipe', 0, 5000, ['+begin', '+piped']);
      if (size > 0) writeSync(memory.pipeIn, Buffer.alloc(size));
      repaired(memory, { begin: size, end: 5000, piped: size });
    });

    test(`its private pipe, after ${size} bytes from it to a pipe`, () => {
      using own = new Descriptors();
      const { memory, fd } = left(own, 'pipe', 0);
      writeSync(memory.pipeIn, Buffer.alloc(5000));
      memory.set('piped', 5000);
      memory.begin('drain-pipe', 5000, 5000, ['-piped', '+out']);
      if (size > 0) assert.equal(addon.splice(memory.pipeOut, fd, size), size);
      repaired(memory, { piped: 5000 - size, out: size });
    });

    test(`its private pipe, after ${size} bytes that were read back`, () => {
      using own = new Descriptors();
      const { memory } = left(own, 'pipe', 0);
      writeSync(memory.pipeIn, Buffer.alloc(5000));
      memory.set('piped', 5000);
      memory.begin('drain-pipe', 5000, 5000, ['-piped', '+end']);
      if (size > 0) readSync(memory.pipeOut, Buffer.alloc(size));
      repaired(memory, { piped: 5000 - size, end: size });
    });

    test(`a socket that ${size} bytes came from`, () => {
      using own = new Descriptors();
      const { memory } = left(own, 'pipe', 0);
      const [client, connection] = own.own(...addon.socketPair());
      memory.begin('receive', 0, 5000, ['+end', '+received', '+in']);
      addon.send(client, Buffer.alloc(size));
      memory.receive(connection, 5000);
      repaired(memory, { end: size, received: size, in: size });
    });

    test(`a socket that took ${size} bytes`, () => {
      using own = new Descriptors();
      const { memory } = left(own, 'Unix socket', 5000);
      memory.begin('send', 0, 5000, ['+begin', '+out']);
      if (size > 0) memory.send(size);
      repaired(memory, { begin: size, end: 5000, out: size });
    });

    for (const to of ['plain file', 'append file'] as const) {
      test(`a ${to} that took ${size} bytes`, () => {
        using own = new Descriptors();
        const { memory, fd } = left(own, to, 5000);
        writeSync(fd, Buffer.alloc(100));
        memory.begin('write-file', 100, 5000, ['+begin', '+out']);
        if (size > 0) writeSync(fd, Buffer.alloc(size));
        repaired(memory, { begin: size, end: 5000, out: size });
      });
    }
  }

  test('a call that was ended and not finished is not counted twice', () => {
    using own = new Descriptors();
    const { memory } = left(own, 'pipe', 5000);
    memory.begin('fill-pipe', 0, 5000, ['+begin', '+piped']);
    writeSync(memory.pipeIn, Buffer.alloc(300));
    memory.store(300, 2);
    repaired(memory, { begin: 300, piped: 300 });
  });

  test('all staged bytes are gone: the next ones go to the beginning', () => {
    using own = new Descriptors();
    const { memory } = left(own, 'pipe', 300);
    memory.begin('fill-pipe', 0, 300, ['+begin', '+piped']);
    writeSync(memory.pipeIn, Buffer.alloc(300));
    repaired(memory, { begin: 0, end: 0, piped: 300 });
  });

  test('a rewind that was interrupted is completed', () => {
    using own = new Descriptors();
    const { memory } = left(own, 'pipe', 0);
    memory.set('begin', 300);
    repaired(memory, { begin: 0, end: 0, piped: 0 });
    assert.equal(memory.pending, 0);
  });
});
