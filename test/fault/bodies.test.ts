import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { suite } from 'node:test';

import { inject, noFaults, startTraceable, traceable } from '../helpers/faults.js';
import { temporaryFolder } from '../helpers/files.js';
import { counters, RawClient, send } from '../helpers/http.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { buffer, once, text } from '../helpers/within.js';

const long = Buffer.alloc(3 * 2 ** 20, 'l');

suite('system calls that fail', { skip: noFaults }, () => {
  for (const [title, fault] of [
    ['no room', 'write:error=ENOSPC'],
    ['no quota', 'write:error=EDQUOT'],
    ['no folder', 'openat,open:error=ENOENT'],
    ['no descriptor', 'openat,open:error=EMFILE'],
  ] as const) {
    test(`there is ${title} for the file of a long body: it stays in memory`, async (t) => {
      const pool = await startTraceable(t, ['--workers', '1', '--handler', 'http', '--max-body', '8m']);
      const received = buffer(pool.stdout);
      const stop = await inject(t, pool.worker(0), fault);
      // Whole but for its last byte, so that it is not written to stdout yet.
      const client = await RawClient.connect(pool.tcp);
      client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${long.length}\r\n\r\n`);
      client.write(long.subarray(1));
      await pool.logged('spool');
      await until('read', async () => (await counters(pool.tcp)).bytesIn === long.length - 1);
      await stop();
      client.write('l');
      assert.equal((await client.answer()).status, 204);
      assert.equal(pool.all('spool').length, 1);
      client.socket.end();
      await pool.stopInOrder();
      assert.ok(long.equals(await received));
    });
  }

  test('a file system without O_TMPFILE: files with a name, which is removed at once', async (t) => {
    const folder = temporaryFolder(t);
    const pool = await startTraceable(t, ['--workers', '1', '--handler', 'http', '--max-body', '8m'], {
      env: { ...traceable, TMPDIR: folder },
    });
    const received = buffer(pool.stdout);
    await inject(t, pool.worker(0), 'openat,open:error=EOPNOTSUPP:when=1');
    assert.equal(await send(pool.tcp, long), 204);
    assert.deepEqual(pool.all('spool'), []);
    assert.deepEqual(readdirSync(folder), []);
    await pool.stopInOrder();
    assert.ok(long.equals(await received));
  });

  test('a long body whose file cannot be read is refused; torn, it is not answered, and ended', async (t) => {
    for (const [when, expected] of [
      ['1', /^next$/],
      ['2+', /^l+\nnext$/],
    ] as const) {
      const pool = await startTraceable(t, ['--workers', '1', '--handler', 'http', '--max-body', '8m']);
      const received = text(pool.stdout);
      const stop = await inject(t, pool.worker(0), `pread64:error=EIO:when=${when}`);
      const client = await RawClient.connect(pool.tcp);
      client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${long.length}\r\n\r\n`);
      client.write(long);
      if (when === '1') assert.equal((await client.answer()).status, 503);
      else await pool.logged('torn');
      client.socket.end();
      await client.closed;
      await stop();
      assert.equal(await send(pool.tcp, 'next'), 204);
      assert.equal((await pool.stop()).code, when === '1' ? 0 : 1);
      assert.match(await received, expected);
    }
  });

  test('a worker that is killed while it has the turn to write holds up nobody', async (t) => {
    const args = ['--workers', '2', '--handler', 'http', '--max-body', '8m', '--on-death', 'restart'];
    const pool = await startTraceable(t, args);
    const writing = await RawClient.connect(pool.tcp);
    writing.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n${'s'.repeat(8_000_000)}`);
    const first = (await once(pool.stdout, 'data')) as [Buffer];
    pool.stdout.pause();
    assert.match(first[0].toString(), /^s+$/);
    process.kill(pool.worker(0), 'SIGKILL');
    await writing.closed;
    const received = text(pool.stdout);
    for (let round = 0; round < 4; round++) assert.equal(await send(pool.tcp, 'next'), 204);
    // Something of its client's is lost, and said so.
    await pool.stop();
    // Not by match(), which would show all of it.
    assert.ok(/^s*\n(next){4}$/.test(await received));
  });
});
