import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { after } from '../helpers/after.js';
import { Cli, cli, root } from '../helpers/cli.js';
import { deliver, refusesConnections } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { freePort } from '../helpers/free_port.js';
import { codeBlocks } from '../helpers/markdown.js';
import { statOf } from '../helpers/processes.js';
import { runBlocked } from '../helpers/run.js';
import { procpoolArguments } from '../helpers/shell.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';

/** Without what `npm run` around the tests adds: npx would look there for the command. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));

/** The lines of a page's first block that runs the command, with a port and a folder of the test's own. */
async function recipes(t: TestContext, page: string): Promise<{ lines: string[]; folder: string; port: number }> {
  const block = (await codeBlocks(page)).find(({ text }) => procpoolArguments(text).length > 0);
  const folder = temporaryFolder(t);
  const port = await freePort();
  mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true });
  symlinkSync(root, join(folder, 'node_modules', 'procpool-native'));
  symlinkSync(cli, join(folder, 'node_modules', '.bin', 'procpool-native'));
  const text = block!.text.replace(/10714|8080/g, String(port)).replace(/\/tmp\//g, `${folder}/`);
  return { lines: text.trim().split('\n'), folder, port };
}

/** Types the line into a shell, in a process group of its own. */
function enter(t: TestContext, line: string, folder: string): Cli {
  const child = spawn('bash', ['-c', line], { cwd: folder, env, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  const shell = new Cli(child);
  after(t, () => shell.end());
  return shell;
}

/** What Ctrl-C does. */
async function interrupt(shell: Cli): Promise<void> {
  shell.note();
  process.kill(-shell.pid, 'SIGINT');
  await shell.exited;
}

test("README's recipes: TCP into gzip; Ctrl-C leaves a complete file", async (t) => {
  const { lines, folder, port } = await recipes(t, 'README.md');
  const shell = enter(t, lines[0]!, folder);
  await until('it listens', async () => !(await refusesConnections(port)));
  const bytes = randomBytes(2 ** 20);
  await deliver(port, bytes);
  await interrupt(shell);
  assert.ok(bytes.equals(gunzipSync(readFileSync(join(folder, 'capture.gz')))));
});

test("README's recipes: POST bodies into a file; what is answered with 204 is there", async (t) => {
  const { lines, folder, port } = await recipes(t, 'README.md');
  const shell = enter(t, lines[1]!, folder);
  await until('it listens', async () => !(await refusesConnections(port)));
  const { status } = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '{"level":"info"}\n' });
  assert.equal(status, 204);
  assert.equal(readFileSync(join(folder, 'log.jsonl'), 'utf8'), '{"level":"info"}\n');
  await interrupt(shell);
});

test("README's recipes: a Unix socket into a file, which SIGHUP reopens", async (t) => {
  const { lines, folder } = await recipes(t, 'README.md');
  const [socket, file] = [join(folder, 'ingest.sock'), join(folder, 'ingest.log')];
  const shell = enter(t, lines[2]!, folder);
  const logged = (event: string): Promise<unknown> =>
    until(`${event} is logged`, () => shell.complaints.some((line) => line.includes(`info  ${event} `)));
  await logged('listening');
  await deliver(socket, 'before\n');
  renameSync(file, `${file}.1`);
  // Not to npx, which ends with it.
  process.kill(statOf(shell.supervisor)!.parent, 'SIGHUP');
  await logged('reopened');
  await deliver(socket, 'after\n');
  await interrupt(shell);
  assert.deepEqual([readFileSync(`${file}.1`, 'utf8'), readFileSync(file, 'utf8')], ['before\n', 'after\n']);
});

test('docs/http.md: what curl posts is in the file', async (t) => {
  const { lines, folder, port } = await recipes(t, 'docs/http.md');
  const shell = enter(t, lines[0]!, folder);
  await until('it listens', async () => !(await refusesConnections(port)));
  const { status } = runBlocked('bash', ['-c', lines[1]!], { cwd: folder });
  assert.equal(status, 0);
  assert.equal(readFileSync(join(folder, 'log.jsonl'), 'utf8'), '{"level":"info"}\n');
  await interrupt(shell);
});
