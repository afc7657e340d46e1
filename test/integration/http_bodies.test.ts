import assert from 'node:assert/strict';

import { after } from '../helpers/after.js';
import { startCli } from '../helpers/cli.js';
import { counters, post, RawClient, send } from '../helpers/http.js';
import { piece } from '../helpers/pieces.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';
import { buffer, text } from '../helpers/within.js';

const http = ['--handler', 'http', '--log-level', 'debug', '--max-body', '16m'];

test('nothing is delivered of a body that turns out to be too large, or breaks off, up to a mebibyte', async (t) => {
  const pool = await startCli(t, ['--handler', 'http', '--log-level', 'debug']);
  const received = text(pool.stdout);
  const chunk = `10000\r\n${'c'.repeat(65_536)}\r\n`;
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
  const large = await RawClient.connect(pool.tcp);
  large.write(head + chunk.repeat(16));
  await until('read', async () => (await counters(pool.tcp)).bytesIn === 2 ** 20);
  large.write(chunk);
  assert.equal((await large.answer()).status, 413);
  const broken = await RawClient.connect(pool.tcp);
  broken.write(head + chunk.repeat(16));
  await until('read', async () => (await counters(pool.tcp)).bytesIn === 2 ** 21);
  broken.socket.destroy();
  await until('discarded', async () => (await counters(pool.tcp)).bytesDiscarded === 2 ** 21);
  assert.deepEqual(pool.all('torn'), []);
  await pool.stopInOrder();
  assert.equal(await received, '');
});

test('a long body that is slow keeps nobody waiting, and nothing of it is delivered before all of it is here', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '2']);
  const received = text(pool.stdout);
  const slow = await RawClient.connect(pool.tcp);
  slow.write(`POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2dc6c0\r\n${'s'.repeat(3_000_000)}`);
  await until('read', async () => (await counters(pool.tcp)).bytesIn === 3_000_000);
  for (let round = 0; round < 10; round++) assert.equal(await send(pool.tcp, 'o'), 204);
  assert.equal((await counters(pool.tcp)).bytesOut, 10);
  slow.write('\r\n0\r\n\r\n');
  assert.equal((await slow.answer()).status, 204);
  await pool.stopInOrder();
  assert.match(await received, /^o{10}s{3000000}$/);
});

test('nothing is delivered of a long body whose client breaks off', async (t) => {
  const pool = await startCli(t, [...http, '--workers', '2']);
  const received = text(pool.stdout);
  let read = 0;
  for (const method of ['destroy', 'resetAndDestroy'] as const) {
    const broken = await RawClient.connect(pool.tcp);
    broken.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n${'s'.repeat(2_000_000)}`);
    read += 2_000_000;
    await until('read', async () => (await counters(pool.tcp)).bytesIn === read);
    broken.socket[method]();
  }
  await until('dropped', async () => (await counters(pool.tcp)).bytesDiscarded === read);
  assert.equal(await send(pool.tcp, 'next'), 204);
  await pool.stopInOrder();
  assert.equal(await received, 'next');
  assert.deepEqual(pool.all('torn'), []);
});

test('what a worker tears at its death is ended with a newline by the next, where there is none', async (t) => {
  for (const [title, body, expected] of [
    ['a body in memory', 's'.repeat(300_000), /^s+\nnext\n$/],
    ['a body in a file', 's'.repeat(3_000_000), /^s+\nnext\n$/],
    ['lines', 's'.repeat(4095).concat('\n').repeat(13), /^(s{4095}\n)+next\n$/],
  ] as const) {
    const pool = await startCli(t, [...http, '--workers', '2', '--on-death', 'restart']);
    const torn = await RawClient.connect(pool.tcp);
    torn.write(post(body).repeat(10));
    await pool.logged('stall');
    process.kill(pool.worker(0), 'SIGKILL');
    await pool.logged('exit');
    const received = text(pool.stdout);
    assert.equal(await send(pool.tcp, 'next\n'), 204);
    assert.equal((await counters(pool.tcp)).torn, 1, title);
    await pool.logged('mended');
    torn.socket.destroy();
    await pool.stop();
    assert.match(await received, expected, title);
  }
});

for (const plan of ['restart', 'takeover']) {
  test(`a worker that dies before any of its body is out tears nothing: ${plan}`, async (t) => {
    const pool = await startCli(t, [...http, '--workers', '2', '--on-death', plan]);
    const first = await RawClient.connect(pool.tcp);
    first.write(post('first'));
    assert.equal((await first.answer()).status, 204);
    process.kill(pool.worker(0), 'SIGKILL');
    await pool.logged('exit');
    const received = text(pool.stdout);
    assert.equal(await send(pool.tcp, 'next'), 204);
    assert.equal((await counters(pool.tcp)).torn, 0);
    await pool.stopInOrder();
    assert.equal(await received, 'firstnext');
  });

  test(`every body that was answered is on stdout, whatever workers are killed: ${plan}`, async (t) => {
    const pool = await startCli(t, [...http, '--workers', '3', '--on-death', plan]);
    const received = buffer(pool.stdout);
    const killed = new Set<number>();
    const killer = setInterval(() => {
      const pid = pool.worker(killed.size % 3);
      if (killed.has(pid) || pool.all('exit').length < killed.size) return;
      killed.add(pid);
      process.kill(pid, 'SIGKILL');
    }, 50);
    after(t, () => {
      clearInterval(killer);
    });
    const answered = new Set<number>();
    const senders = Array.from({ length: 16 }, async (_, sender) => {
      for (let count = 0; killed.size < 12; count++) {
        const number = sender * 1_000_000 + count;
        const status = await send(pool.tcp, piece(number, 3000)).catch(() => 0);
        if (status === 204) answered.add(number);
      }
    });
    await Promise.all(senders);
    clearInterval(killer);
    assert.ok(answered.size > 0);
    await pool.stop();
    const delivered = (await received).toString('latin1');
    for (const number of answered) assert.ok(delivered.includes(piece(number, 3000).toString()), String(number));
  });
}
