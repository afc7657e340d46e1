import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { join } from 'node:path';

import { after } from '../helpers/after.js';
import { realPipe, root } from '../helpers/cli.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { once } from '../helpers/within.js';
import { addon } from '../native/addon.js';

test('a line of which a slow reader has taken a part is ended before the next, and those left out are counted', async (t) => {
  const { readEnd, writeEnd } = realPipe();
  readEnd.pause();
  // Each longer than what a pipe takes whole or not at all: PIPE_BUF, pipe(7).
  const script = `
    const { openLogSink } = require(${JSON.stringify(join(root, 'dist', 'log_sink.js'))});
    const sink = openLogSink((count) => 'left out ' + count);
    for (let line = 0; line < 20; line++) sink.write('line '.padEnd(9999, 'x'));
    process.stdin.once('data', () => {
      for (let line = 0; line < 3; line++) sink.write('line '.padEnd(9999, 'x'));
      process.stdin.destroy();
    });
    console.log('full');`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', writeEnd] });
  after(t, () => child.kill('SIGKILL'));
  closeSync(writeEnd);
  await once(child.stdout!, 'data');
  let received = '';
  readEnd.on('data', (piece: Buffer) => (received += piece.toString()));
  readEnd.resume();
  const { fd } = (readEnd as unknown as { _handle: { fd: number } })._handle;
  await until('there is room for what comes', () => received !== '' && addon.readableBytes(fd) === 0);
  child.stdin!.write('go on');
  await once(readEnd, 'end');
  const lines = received.split('\n');
  assert.equal(lines.pop(), '');
  const complete = lines.filter((line) => /^line x{9994}$/.test(line));
  const left = lines.flatMap((line) => /^left out (\d+)$/.exec(line)?.[1] ?? []).map(Number);
  assert.equal(complete.length + left.length, lines.length, 'no line is torn');
  // Twice if the paused stream takes its first piece, which Node reads ahead, while the lines are written.
  assert.ok(left.length >= 1);
  assert.equal(complete.length + left.reduce((sum, count) => sum + count, 0), 23);
});
