import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { accepted, corpus, refused } from '../fixtures/http/corpus.js';
import { chunked, get, head, post } from '../fixtures/http/sample.js';

import { addon, type HttpEvent, type HttpLimits } from './addon.js';
import { generated, mutated } from './http_generated.js';
import { read, splits } from './http_reading.js';

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function steps(events: HttpEvent[]): string {
  return events.map(({ step }) => step).join(' ');
}

function statusOf(text: string, limits: Partial<HttpLimits>): number {
  const input = bytes(text);
  const expected = read(input, [], limits);
  for (const cuts of splits(input.length)) assert.deepEqual(read(input, cuts, limits), expected);
  return expected.status;
}

suite('requests that are accepted', () => {
  for (const { name, text, expected } of accepted) {
    test(name, () => {
      const { requests, status, started } = read(bytes(text));
      assert.equal(status, 0);
      assert.equal(requests.length, 1);
      const { head: known, body, done } = requests[0]!;
      assert.ok(done && !started);
      assert.deepEqual({ ...known, body }, { ...known, body, ...(expected as object) });
    });
  }
});

suite('requests that are refused', () => {
  for (const { name, text, expected } of refused) {
    test(name, () => {
      const { requests, status, why } = read(bytes(text));
      assert.equal(status, expected);
      assert.match(why, /^[A-Za-z][^\r\n]+$/);
      assert.ok(requests.every(({ done }) => !done));
    });
  }
});

test('how a request is split changes nothing', () => {
  for (const { name, text } of corpus) {
    const input = bytes(text);
    const expected = JSON.stringify(read(input));
    for (const cuts of splits(input.length)) {
      assert.equal(JSON.stringify(read(input, cuts)), expected, `${name}, split at ${String(cuts[0])}`);
    }
  }
});

test('requests one behind the other are read as each alone', () => {
  const kept = accepted.map(({ text }) => ({ text, requests: read(bytes(text)).requests }));
  const pipelined = kept.filter(({ requests }) => requests[0]!.head.keepAlive);
  const input = bytes(pipelined.map(({ text }) => text).join(''));
  const expected = pipelined.flatMap(({ requests }) => requests);
  assert.ok(expected.length > 50);
  assert.deepEqual(read(input).requests, expected);
  for (const cuts of splits(input.length)) assert.deepEqual(read(input, cuts).requests, expected);
});

test('a request behind one that is refused is never seen', () => {
  for (const { name, text } of refused) {
    const alone = read(bytes(text));
    const { requests, status } = read(bytes(get() + text + get()));
    if (alone.status !== status) continue;
    assert.equal(requests.length, 1 + alone.requests.length, name);
  }
});

test('requests made from the grammar are accepted, with their bodies', () => {
  fc.assert(
    fc.property(fc.array(generated, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(800)), (requests, cuts) => {
      const result = read(bytes(requests.map(({ text }) => text).join('')), cuts);
      assert.equal(result.status, 0);
      assert.deepEqual(
        result.requests.map(({ head: { chunked: chunks }, body, done }) => ({ body, chunks, done })),
        requests.map(({ body, chunked: chunks }) => ({ body, chunks, done: true })),
      );
    }),
    { numRuns: 1000 },
  );
});

test('requests with errors are read the same however they are split', () => {
  fc.assert(
    fc.property(mutated, mutated, fc.array(fc.nat(800), { minLength: 1 }), (first, second, cuts) => {
      const input = bytes(first + second);
      assert.deepEqual(read(input, cuts), read(input));
    }),
    { numRuns: 5000 },
  );
});

test('bytes of any kind do no harm', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(300)), (input, cuts) => {
      assert.deepEqual(read(Buffer.from(input), cuts), read(Buffer.from(input)));
    }),
    { numRuns: 2000 },
  );
});

test('head comes before the body, pieces of the body as they arrive, and done once', () => {
  const parser = new addon.HttpParser();
  assert.equal(steps(parser.feed(bytes(post('Content-Length: 3')))), 'head');
  assert.equal(steps(parser.feed(bytes('a'))), 'body');
  assert.equal(steps(parser.feed(bytes(''))), '');
  assert.equal(steps(parser.feed(bytes(`bc${get()}`))), 'body done head done');
});

test('a request has started with its first byte, not with the empty line before it', () => {
  const parser = new addon.HttpParser();
  const started = Array.from(`\r\n${post('Content-Length: 1')}x\r\n`).map((byte) => {
    parser.feed(bytes(byte));
    return parser.started;
  });
  assert.deepEqual(started.slice(0, 3), [false, false, true]);
  assert.ok(started.slice(2, -3).every(Boolean));
  assert.deepEqual(started.slice(-3), [false, false, false]);
});

test('what remains of a body may be taken elsewhere', () => {
  const parser = new addon.HttpParser();
  assert.equal(parser.remaining, 0);
  parser.feed(bytes(`${post('Content-Length: 10')}ab`));
  assert.equal(parser.remaining, 8);
  parser.skip(5);
  assert.equal(parser.remaining, 3);
  assert.equal(steps(parser.feed(bytes(''))), '');
  assert.equal(steps(parser.feed(bytes('c'))), 'body');
  parser.skip(2);
  assert.equal(steps(parser.feed(bytes(get()))), 'done head done');
});

test('nothing is known to remain of chunks', () => {
  const parser = new addon.HttpParser();
  parser.feed(bytes(`${post('Transfer-Encoding: chunked')}5\r\nab`));
  assert.equal(parser.remaining, 0);
  assert.equal(parser.current.length, 5);
});

test('a parser that has failed stays so until it is reset', () => {
  const parser = new addon.HttpParser();
  assert.equal(steps(parser.feed(bytes('\0'))), 'failed');
  assert.equal(steps(parser.feed(bytes(get()))), 'failed');
  assert.equal(parser.consumed, 1);
  parser.reset();
  assert.equal(parser.status, 0);
  assert.equal(steps(parser.feed(bytes(get()))), 'head done');
});

suite('what just keeps to a limit is accepted, and no byte more', () => {
  test('the target', () => {
    assert.equal(statusOf(head('GET /2345678 HTTP/1.1', 'Host: a'), { targetBytes: 8 }), 0);
    assert.equal(statusOf(head('GET /23456789 HTTP/1.1', 'Host: a'), { targetBytes: 8 }), 414);
    assert.equal(statusOf(head('GET /2345?78 HTTP/1.1', 'Host: a'), { targetBytes: 8 }), 0);
    assert.equal(statusOf(head('GET /2345?789 HTTP/1.1', 'Host: a'), { targetBytes: 8 }), 414);
    assert.equal(statusOf(head('GET http://a HTTP/1.1', 'Host: a'), { targetBytes: 8 }), 0);
    assert.equal(statusOf(head('GET http://ab HTTP/1.1', 'Host: a'), { targetBytes: 8 }), 414);
  });

  test('the head, without the empty line before it', () => {
    const headBytes = get('X: y').length;
    assert.equal(statusOf(`\r\n${get('X: y')}`, { headBytes }), 0);
    assert.equal(statusOf(get('X: yz'), { headBytes }), 431);
    assert.equal(statusOf(get('X: y').slice(0, -2), { headBytes: headBytes - 2 }), 431);
    assert.equal(statusOf(`${get('X: y')}${get('X: y')}`, { headBytes }), 0);
  });

  test('the fields', () => {
    assert.equal(statusOf(get('X: y', 'X: y'), { headers: 3 }), 0);
    assert.equal(statusOf(get('X: y', 'X: y', 'X: y'), { headers: 3 }), 431);
    assert.equal(statusOf(chunked('0\r\nA: b\r\nA: b\r\n\r\n'), { headers: 2 }), 0);
    assert.equal(statusOf(chunked('0\r\nA: b\r\nA: b\r\nA: b\r\n\r\n'), { headers: 2 }), 431);
  });

  test('the body', () => {
    assert.equal(statusOf(post('Content-Length: 5') + 'hello', { bodyBytes: 5 }), 0);
    assert.equal(statusOf(post('Content-Length: 6'), { bodyBytes: 5 }), 413);
    assert.equal(statusOf(chunked('2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n'), { bodyBytes: 5 }), 0);
    assert.equal(statusOf(chunked('2\r\nab\r\n4'), { bodyBytes: 5 }), 413);
  });

  test('extensions and trailer fields together', () => {
    const trailer = head('A: b');
    const limits = { headBytes: get('Transfer-Encoding: chunked').length + 1 };
    const name = 'x'.repeat(limits.headBytes - trailer.length - '\r'.length);
    assert.equal(statusOf(chunked(`1;${name}\r\nx\r\n0\r\n${trailer}`), limits), 0);
    assert.equal(statusOf(chunked(`1;${name}x\r\nx\r\n0\r\n${trailer}`), limits), 431);
    assert.equal(statusOf(chunked(`1;${name}\r\nx\r\n0;x\r\n${trailer}`), limits), 431);
  });
});
