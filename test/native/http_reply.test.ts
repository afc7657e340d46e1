import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addon } from './addon.js';

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
