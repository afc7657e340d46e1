import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { suite } from 'node:test';
import { promisify } from 'node:util';

import { library } from '../helpers/cli.js';
import { client } from '../helpers/clients.js';
import { asNobody, noNobody, runAsNobody } from '../helpers/nobody.js';
import { test } from '../helpers/test.js';

/** Fewer than the workers that are asked for, more than Node's own threads. */
const limited = ['prlimit', '--nproc=40'];

/** Runs a program that may have 40 processes and threads; what it prints last is JSON. */
async function runLimited(program: string): Promise<unknown> {
  const [file, ...args] = [...limited, process.execPath, '-e', program];
  const { stdout } = await promisify(execFile)(file, args, asNobody);
  return JSON.parse(stdout);
}

const prelude = `
const { once } = require('node:events');
const { connect } = require('node:net');
const { ProcessPool } = require(${JSON.stringify(library)});
const say = (what) => console.log(JSON.stringify(what));
const logged = [];
const log = ({ event, message }) => logged.push([event, message]);
const options = { port: 0, host: '127.0.0.1', handler: 'echo', log };
async function echo(pool) {
  const socket = connect(pool.address().port, '127.0.0.1').setEncoding('utf8');
  socket.write('served');
  const [data] = await once(socket, 'data');
  socket.destroy();
  return data;
}
`;

suite('more workers than there can be', { skip: noNobody }, () => {
  test('a resize is taken back: the app is told, and the workers that ran run on', async () => {
    const outcome = await runLimited(`${prelude}
      (async () => {
        const pool = new ProcessPool({ ...options, workers: 2 });
        await pool.start();
        const before = pool.stats().workers.map(({ pid }) => pid);
        const { code, message } = await pool.resize(200).catch((error) => error);
        while (pool.stats().workers.length > 2) await new Promise(setImmediate);
        const after = pool.stats().workers.map(({ pid }) => pid);
        const echoed = await echo(pool);
        await pool.resize(3);
        const three = pool.stats().workers.length;
        await pool.stop();
        say({ code, message, same: String(after) === String(before), echoed, three, logged });
      })();`);
    const { logged, ...facts } = outcome as { logged: [string, string][] };
    assert.deepEqual(facts, {
      code: 'ERR_PROCPOOL_WORKERS',
      message: '200 workers cannot be started: fork: resource temporarily unavailable (EAGAIN); the size stays 2',
      same: true,
      echoed: 'served',
      three: 3,
    });
    const messages = (event: string): string[] => logged.filter(([of]) => of === event).map(([, message]) => message);
    assert.deepEqual(messages('resize-failed'), ['200 workers cannot be started: staying at 2']);
    assert.deepEqual(messages('give-up'), []);
    assert.equal(messages('fail').length, 2, 'once, and how often');
  });

  test('a pool starts with those that can be started, and says so', async (t) => {
    const pool = runAsNobody(t, ['--port', '0', '--workers', '200', '--handler', 'echo'], { wrapper: limited });
    const { message } = await pool.logged('shortage');
    assert.match(message, /^only \d+ of 200 workers can be started; still trying$/);
    const socket = await client(await pool.port());
    socket.resume().end('x');
    await pool.stopInOrder();
    assert.equal(pool.all('fail').length, 2, 'once, and how often');
  });
});
