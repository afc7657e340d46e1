import assert from 'node:assert/strict';

import { blockedWorker, startCli } from '../helpers/cli.js';
import { post, RawClient } from '../helpers/http.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { buffer, text } from '../helpers/within.js';

test('a keep-alive connection between two requests continues when its worker is killed', async (t) => {
  const pool = await startCli(t, ['--workers', '1', '--handler', 'http']);
  const output = text(pool.stdout);
  const served = await RawClient.connect(pool.tcp);
  const silent = await RawClient.connect(pool.tcp);
  served.write(post('before '));
  assert.equal((await served.answer()).status, 204);
  process.kill(pool.worker(0), 'SIGKILL');
  await pool.logged('takeover');
  for (const client of [served, silent]) {
    client.write(post('after '));
    assert.equal((await client.answer()).status, 204);
    client.socket.end();
  }
  await pool.stopInOrder();
  assert.equal(await output, 'before after after ');
  assert.equal(pool.all('reset').length, 0);
});

test('a connection with half a request is closed when its worker is killed, and nothing of it is delivered', async (t) => {
  const pool = await startCli(t, ['--workers', '1', '--handler', 'http']);
  const output = text(pool.stdout);
  const half = await RawClient.connect(pool.tcp);
  half.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf');
  const other = await RawClient.connect(pool.tcp);
  other.write(post('whole'));
  assert.equal((await other.answer()).status, 204);
  process.kill(pool.worker(0), 'SIGKILL');
  await half.closed;
  other.write(post('whole'));
  assert.equal((await other.answer()).status, 204);
  other.socket.end();
  await pool.stopInOrder();
  assert.equal(await output, 'wholewhole');
});

for (const [what, size] of [
  ['in memory', 900_000],
  ['in a file', 3_000_000],
] as const) {
  test(`a body ${what} of which a part is out is completed when its worker is killed`, async (t) => {
    const pool = await startCli(t, ['--workers', '2', '--handler', 'http', '--max-body', '8m']);
    const sender = await RawClient.connect(pool.tcp);
    const body = `${'long '.repeat(size / 5)}\n`;
    sender.write(post(body));
    const { worker } = await blockedWorker(pool);
    process.kill(pool.worker(worker), 'SIGKILL');
    await pool.logged('takeover');
    const output = buffer(pool.stdout);
    await sender.closed;
    const other = await RawClient.connect(pool.tcp);
    other.write(post('next\n'));
    assert.equal((await other.answer()).status, 204);
    other.socket.end();
    await pool.stopInOrder();
    assert.equal(String(await output), `${body}next\n`);
    assert.equal(pool.all('mended').length, 0);
  });
}

test('what is answered is in the output however often workers are killed', async (t) => {
  const pool = await startCli(t, ['--workers', '2', '--handler', 'http']);
  const output = text(pool.stdout);
  const answered: string[] = [];
  let stopped = false;
  const post1 = async (number: number): Promise<void> => {
    for (let round = 0; !stopped; round++) {
      const client = await RawClient.connect(pool.tcp);
      const body = `${number}-${round}\n`;
      client.write(post(body));
      const answer = await Promise.race([client.answer(), client.closed.then(() => undefined)]);
      if (answer?.status === 204) answered.push(body);
      client.socket.destroy();
    }
  };
  const posters = Array.from({ length: 8 }, (_, number) => post1(number));
  for (let kill = 0; kill < 20; kill++) {
    const takeovers = pool.all('takeover').length;
    const worker = pool.worker(kill % 2);
    process.kill(worker, 'SIGKILL');
    await until('taken over', () => pool.all('takeover').length > takeovers);
  }
  stopped = true;
  await Promise.all(posters);
  await pool.stopInOrder();
  const lines = (await output).split('\n').slice(0, -1);
  assert.ok(
    lines.every((line) => /^\d-\d+$/.test(line)),
    'no body is torn or glued',
  );
  assert.equal(new Set(lines).size, lines.length, 'none is doubled');
  for (const body of answered) assert.ok(lines.includes(body.trimEnd()), body);
  assert.equal(pool.all('mended').length, 0);
});
