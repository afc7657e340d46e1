import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readlinkSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { type Cli, followCli } from '../helpers/cli.js';
import { deliver } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { statOf } from '../helpers/processes.js';
import { until } from '../helpers/until.js';
import { env, pack, run, supervisor } from './packed.js';

interface Setup {
  cwd: string;
  env: NodeJS.ProcessEnv;
}

function find(command: string): string | undefined {
  const candidates = process.env.PATH!.split(delimiter).map((folder) => join(folder, command));
  return candidates.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

/** A folder for PATH with Node, npm and a shell: nothing there compiles. */
function withoutCompiler(folder: string): string {
  mkdirSync(folder);
  symlinkSync(process.execPath, join(folder, 'node'));
  for (const command of ['npm', 'npx', 'sh']) symlinkSync(realpathSync(find(command)!), join(folder, command));
  return folder;
}

/** Processes whose program lies in the folder. */
function runningFrom(folder: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const program = readlinkSync(`/proc/${pid}/exe`);
      return program.startsWith(folder) ? [`${pid} ${program}`] : [];
    } catch {
      return [];
    }
  });
}

const use = `
async function main() {
  const pool = new ProcessPool({ port: 0, host: '127.0.0.1', workers: 1 });
  await pool.start();
  const client = connect(pool.address().port, '127.0.0.1');
  client.resume().end('sent by a client');
  await once(client, 'close');
  await pool.stop();
}
main();
`;

const apps = {
  'app.cjs': `
const { once } = require('node:events');
const { connect } = require('node:net');
const { ProcessPool } = require('procpool-native');
${use}`,
  'app.mjs': `
import { once } from 'node:events';
import { connect } from 'node:net';
import { ProcessPool } from 'procpool-native';
${use}`,
};

/** The command by npx; after the test it is ended, and nothing of it may be left. */
function runNpx(t: TestContext, setup: Setup): Cli {
  const args = ['procpool-native', '--port', '0', '--log-format', 'json'];
  const child = spawn('npx', args, { ...setup, stdio: ['ignore', 'pipe', 'pipe'] });
  return followCli(t, child);
}

test('the package, installed without scripts where nothing compiles,', async (t) => {
  const folder = temporaryFolder(t);
  const packed = join(folder, 'packed');
  const app = join(folder, 'app');
  mkdirSync(packed);
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), '{ "private": true }');
  const setup = { cwd: app, env: { ...env, PATH: withoutCompiler(join(folder, 'bin')) } };
  run('npm', ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', pack(packed)], setup);

  await t.test('has an executable supervisor', () => {
    const { mode } = statSync(join(app, 'node_modules', 'procpool-native', supervisor));
    assert.equal((mode & 0o777).toString(8), '755');
  });

  await t.test('runs by npx, delivers, and exits with 0 at SIGTERM', async (t) => {
    const pool = runNpx(t, setup);
    let received = '';
    pool.stdout.on('data', (chunk: Buffer) => (received += chunk.toString()));
    const port = await pool.port();
    await deliver(port, 'from node:net\n');
    await until('bytes from node:net', () => received === 'from node:net\n');
    if (find('nc') === undefined) t.diagnostic('no nc here');
    else {
      const client = spawn('nc', ['127.0.0.1', String(port)], { stdio: ['pipe', 'ignore', 'inherit'] });
      client.stdin.end('from nc\n');
      await until('bytes from nc', () => received === 'from node:net\nfrom nc\n');
      client.kill();
    }
    // Not to npx: that would pass it to a shell, which dies of it.
    process.kill(statOf(pool.supervisor)!.parent, 'SIGTERM');
    assert.deepEqual(await pool.exited, { code: 0, signal: null });
  });

  await t.test('ends with the npx that ran it', async (t) => {
    const pool = runNpx(t, setup);
    await pool.port();
    await pool.stop('SIGTERM');
    await pool.assertGone();
  });

  for (const [name, source] of Object.entries(apps)) {
    await t.test(`delivers in ${name}`, () => {
      writeFileSync(join(app, name), source);
      assert.equal(run('node', [name], setup), 'sent by a client');
    });
  }

  await t.test('leaves no process behind', () => {
    assert.deepEqual(runningFrom(folder), []);
  });
});
