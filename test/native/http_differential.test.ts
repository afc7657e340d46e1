import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { corpus } from '../fixtures/http/corpus.js';
import { get, reasons, type Reason } from '../fixtures/http/sample.js';

import { addon } from './addon.js';
import { excused } from './http_excuses.js';
import { generated, mutated } from './http_generated.js';
import { judge, type Judgement } from './http_judge.js';
import { pieces, read, splits, type Reading } from './http_reading.js';

/**
 * Our parser may be stricter than llhttp, for one of the reasons listed, and never laxer. The list is that of these
 * versions, of Node 20.20, and of 22.23 and 24.21; newer ones may refuse more, so there a reason need not be one any
 * longer. Before 9.3, as in Node 20.10, llhttp let more pass and refused valid chunk extensions: it judges nothing.
 */
const listed = ['9.3.1', '9.4.3'];
const version = process.versions.llhttp!;
const older = version.localeCompare('9.3', undefined, { numeric: true }) < 0;
const skip = older && `llhttp ${version} is no judge`;

/** What these versions and 9.3.0 disagree about. */
const disputed = new Set([
  'a tab behind a length',
  'a tab behind chunked',
  'an empty coding',
  'a white coding',
  'an empty second field',
  'DEL in quotes',
]);

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function completed(requests: readonly { done: boolean }[]): number {
  return requests.filter(({ done }) => done).length;
}

/** What ours has accepted must be what llhttp has. */
function checkAccepted(ours: Reading, theirs: Judgement): void {
  for (const [index, request] of ours.requests.entries()) {
    const other = theirs.requests[index];
    if (other === undefined) {
      assert.ok(theirs.closed, 'a head that llhttp does not accept');
      return;
    }
    if (!request.done) continue;
    assert.ok(other.done, 'a request that llhttp does not accept');
    assert.equal(request.body, other.body);
    assert.ok(other.keepAlive || !request.head.keepAlive || theirs.closed, 'a connection that llhttp closes');
  }
}

/** Whether llhttp has accepted more, or may yet. */
function stricter(ours: Reading, theirs: Judgement): boolean {
  if (ours.closed) return false;
  const [mine, others] = [completed(ours.requests), completed(theirs.requests)];
  if (ours.status === 0) {
    // Ours may still wait for the end of a line in which llhttp has found an error.
    if (theirs.error === undefined && !theirs.closed) assert.equal(mine, others);
    return mine < others;
  }
  return mine < others || (theirs.error === undefined && !theirs.closed);
}

/** The one thing in which ours is laxer: a later minor version is read as 1.1, as RFC 9110 section 2.5 asks. */
function asVersion11(input: Buffer): Buffer {
  return bytes(input.toString('latin1').replaceAll(/ HTTP\/1\.[2-9]\r\n/g, ' HTTP/1.1\r\n'));
}

function compare(input: Buffer, cuts: readonly number[]): boolean {
  const ours = read(input, cuts);
  const theirs = judge(pieces(asVersion11(input), cuts));
  checkAccepted(ours, theirs);
  return stricter(ours, theirs);
}

/** The request that ours refuses, from its first byte on. */
function refusalIn(text: string): { text: string; status: number } {
  const parser = new addon.HttpParser();
  let start = 0;
  for (const byte of bytes(text)) {
    if (parser.feed(Buffer.of(byte)).some(({ step }) => step === 'done')) start = parser.consumed;
    if (parser.status !== 0) break;
  }
  return { text: text.slice(start), status: parser.status };
}

test('of the corpus llhttp accepts what ours does, and more only where a reason is given', { skip }, () => {
  for (const { name, text, stricter: reason } of corpus) {
    const input = bytes(text);
    for (const cuts of [[], ...splits(input.length)]) {
      try {
        const isStricter = compare(input, cuts);
        if (reason === undefined) assert.equal(isStricter, false, 'refused without a reason');
        if (reason !== undefined && listed.includes(version) && !disputed.has(name)) {
          assert.equal(isStricter, true, 'a reason that is none');
        }
      } catch (error) {
        throw new Error(`${name}, split at ${String(cuts[0])}`, { cause: error });
      }
    }
  }
});

test('every reason has its example, and is told from the request alone', () => {
  const seen = new Set<Reason>();
  for (const { name, text, stricter: reason } of corpus) {
    if (reason === undefined) continue;
    seen.add(reason);
    assert.ok(excused(refusalIn(text)) !== undefined, name);
  }
  assert.deepEqual([...seen].sort(), Object.keys(reasons).sort());
});

test('requests behind one of the corpus are the same to both', { skip }, () => {
  for (const { name, text, stricter: reason } of corpus) {
    const isStricter = compare(bytes(get() + text + get()), []);
    if (reason === undefined) assert.equal(isStricter, false, name);
  }
});

test('requests made from the grammar are the same to both, however they are split', { skip }, () => {
  fc.assert(
    fc.property(generated, generated, (first, second) => {
      const input = bytes(first.text + second.text);
      for (const cuts of [[], ...splits(input.length)]) assert.equal(compare(input, cuts), false);
    }),
    { numRuns: 100 },
  );
});

test(
  'requests with errors are accepted by ours only if llhttp does, and refused alone only for a reason',
  { skip },
  () => {
    fc.assert(
      fc.property(mutated, mutated, (first, second) => {
        const text = first + second + get();
        const input = bytes(text);
        const strict = compare(input, []);
        assert.ok(!strict || excused(refusalIn(text)) !== undefined, 'refused without a reason');
        for (const cuts of splits(input.length)) assert.equal(compare(input, cuts), strict);
      }),
      { numRuns: 200 },
    );
  },
);
