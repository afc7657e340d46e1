import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { after } from '../helpers/after.js';
import { startCli } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/files.js';
import { run } from '../helpers/run.js';
import { test } from '../helpers/test.js';
import { buffer, once, text } from '../helpers/within.js';

function missing(program: string): string | false {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0 ? false : `needs ${program}(1)`;
}

const http = ['--handler', 'http'];

test('curl posts, uploads and streams', { skip: missing('curl') }, async (t) => {
  const folder = temporaryFolder(t);
  const large = randomBytes(3_000_000);
  writeFileSync(join(folder, 'large'), large);
  const socket = join(folder, 'socket');
  const pool = await startCli(t, [...http, '--max-body', '4m'], { path: socket });
  const received = buffer(pool.stdout);
  for (const args of [
    ['--data-binary', 'posted'],
    ['--upload-file', join(folder, 'large')],
    ['--header', 'Transfer-Encoding: chunked', '--data-binary', `@${join(folder, 'large')}`],
    ['--http1.0', '--data-binary', 'old'],
  ]) {
    const { stdout } = await run('curl', [
      ...['--silent', '--show-error', '--fail', '--write-out', '%{http_code}', '--unix-socket', socket],
      ...args,
      'http://localhost/any',
    ]);
    assert.equal(stdout, '204');
  }
  await pool.stopInOrder();
  assert.ok((await received).equals(Buffer.concat([Buffer.from('posted'), large, large, Buffer.from('old')])));
});

test('wrk’s requests are each answered and on stdout', { skip: missing('wrk') }, async (t) => {
  const pool = await startCli(t, [...http, '--workers', '2']);
  const received = buffer(pool.stdout);
  const script = join(temporaryFolder(t), 'post.lua');
  const line = `${'x'.repeat(199)}\n`;
  writeFileSync(script, `wrk.method = "POST"\nwrk.body = "${line.slice(0, -1)}\\n"\n`);
  const { stdout } = await run('wrk', [
    ...['--threads', '1', '--connections', '64', '--duration', '1s', '--script', script],
    `http://127.0.0.1:${pool.tcp}/`,
  ]);
  assert.doesNotMatch(stdout, /Non-2xx|Socket errors/);
  const answered = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  assert.ok(answered > 0);
  await pool.stopInOrder();
  const lines = (await received).toString('latin1').split('\n').slice(0, -1);
  assert.ok(lines.length >= answered);
  assert.ok(lines.every((received) => received === line.slice(0, -1)));
});

test('a page in a browser sends from elsewhere', { skip: missing('chromium') }, async (t) => {
  const folder = temporaryFolder(t);
  let port = 0;
  const pages = createServer((_, answer) => {
    answer.setHeader('content-type', 'text/html').end(`<title>page</title><body>…<script>
      fetch('http://127.0.0.1:${port}/ingest', {
        method: 'PUT', headers: { 'content-type': 'application/json', 'x-own': 'y' }, body: '{"from":"a page"}',
      }).then(({ status }) => status, String).then((result) => (document.body.textContent = 'result ' + result));
    </script>`);
  }).listen(0, '127.0.0.1');
  after(t, () => pages.close());
  await once(pages, 'listening');
  const origin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;

  const seen: string[] = [];
  for (const allowed of [origin, '*', 'https://another.example']) {
    const pool = await startCli(t, [...http, '--cors-origin', allowed]);
    const received = text(pool.stdout);
    port = pool.tcp;
    const { stdout } = await run('chromium', [
      ...['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${folder}`, '--virtual-time-budget=10000'],
      ...['--dump-dom', `${origin}/`],
    ]);
    await pool.stopInOrder();
    seen.push(`${/result [^<]*/.exec(stdout)?.[0]}; ${await received}`);
  }
  assert.deepEqual(seen, [
    'result 204; {"from":"a page"}',
    'result 204; {"from":"a page"}',
    'result TypeError: Failed to fetch; ',
  ]);
});
