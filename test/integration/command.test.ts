import assert from 'node:assert/strict';
import { spawn, type SpawnSyncReturns } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { cli, followCli, root, runCli, startCli } from '../helpers/cli.js';
import { deliver } from '../helpers/clients.js';
import { temporaryFolder } from '../helpers/files.js';
import { takenPort } from '../helpers/ports.js';
import { runBlocked } from '../helpers/run.js';
import { test } from '../helpers/test.js';
import { text } from '../helpers/within.js';

function run(...args: string[]): SpawnSyncReturns<string> {
  return runBlocked(process.execPath, [cli, ...args]);
}

test('--version prints the version, --help the options', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  assert.deepEqual([run('--version').stdout, run('--version').status], [`${version}\n`, 0]);
  assert.match(run('--help').stdout, /^Usage: procpool-native/);
  assert.equal(run('--help').status, 0);
  assert.equal(run('-v').stdout, `${version}\n`);
  assert.equal(run('-h').stdout, run('--help').stdout);
});

test('wrong usage is one line on stderr, nothing on stdout and status 2', () => {
  const { status, stdout, stderr } = run('--workers', 'many');
  assert.deepEqual([status, stdout], [2, '']);
  assert.equal(stderr, 'procpool-native: option "--workers" must be an integer, not "many"\n');
});

test('a port in use is one line that names option and value, and status 1', async (t) => {
  const port = await takenPort(t);
  const pool = runCli(t, ['--host', '127.0.0.1', '--port', String(port)]);
  assert.equal((await pool.exited).code, 1);
  const address = `127.0.0.1:${port}`;
  assert.deepEqual(pool.complaints, [
    `procpool-native: listen EADDRINUSE: address already in use ${address} (option "--port": ${port})`,
  ]);
  assert.deepEqual(pool.entries, []);
});

test(
  'no permission for a port is said in one line',
  { skip: process.getuid?.() !== 0 && 'needs root to become another' },
  () => {
    const { status, stderr } = runBlocked(process.execPath, [cli, '--host', '127.0.0.1', '--port', '1'], {
      uid: 65534,
      gid: 65534,
    });
    const mayBind = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8')) <= 1;
    if (mayBind) return;
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^procpool-native: listen EACCES: permission denied 127\.0\.0\.1:1 \(option "--port": 1\): ports below 1024 need .*\n$/,
    );
  },
);

test('a path at which a directory or a file lies is said to be one', (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  for (const [path, kind] of [
    [folder, 'directory'],
    [file, 'file'],
  ] as const) {
    const { status, stderr } = run('--path', path);
    const message = `option "--path" must be a free path or that of a Unix socket, and "${path}" is a ${kind}`;
    assert.deepEqual([status, stderr], [1, `procpool-native: ${message}\n`]);
  }
  assert.equal(readFileSync(file, 'utf8'), '');
});

test('--output - is standard output', async (t) => {
  const pool = await startCli(t, ['--output', '-']);
  const received = text(pool.stdout);
  await deliver(pool.tcp, 'to stdout');
  await pool.stopInOrder();
  assert.equal(await received, 'to stdout');
});

test('a supervisor that is missing or not executable is said in one line', (t) => {
  const folder = temporaryFolder(t);
  for (const name of ['package.json', 'dist', 'build/Release'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  cpSync(join(root, 'node_modules/ms'), join(folder, 'node_modules/ms'), { recursive: true });
  cpSync(join(root, 'node_modules/node-gyp-build'), join(folder, 'node_modules/node-gyp-build'), { recursive: true });
  const supervisor = join(folder, 'build/Release/procpool-supervisor');
  const attempt = (): SpawnSyncReturns<string> =>
    runBlocked(process.execPath, [join(folder, 'dist/cli.js'), '--port', '0']);

  chmodSync(supervisor, 0o644);
  const notExecutable = attempt();
  assert.equal(notExecutable.status, 1);
  assert.equal(
    notExecutable.stderr,
    `procpool-native: the supervisor cannot be started: spawn EACCES: permission denied ${supervisor}\n`,
  );
  rmSync(supervisor);
  const missing = attempt();
  assert.equal(missing.status, 1);
  assert.equal(
    missing.stderr,
    `procpool-native: the supervisor cannot be started: spawn ENOENT: no such file or directory ${supervisor}\n`,
  );
  rmSync(join(folder, 'build'), { recursive: true });
  const noAddon = attempt();
  assert.equal(noAddon.status, 1);
  assert.match(noAddon.stderr, /^procpool-native: the native addon cannot be loaded: No native build was found.*\n$/);
});

for (const [platform, fake, reason] of [
  ['another platform', `Object.defineProperty(process, 'platform', { value: 'darwin' })`, 'Linux only, not on darwin'],
  ['Bun', `Object.defineProperty(process.versions, 'bun', { value: '1' })`, 'Node.js only, not on Bun'],
  ['Deno', `globalThis.Deno = {}`, 'Node.js only, not on Deno'],
] as const) {
  test(`${platform} is said in one line`, () => {
    const source = `${fake}; process.argv[1] = '${cli}'; require('${cli}');`;
    const { status, stderr } = runBlocked(process.execPath, ['-e', source]);
    assert.equal(status, 1);
    assert.equal(stderr, `procpool-native: procpool-native runs on ${reason}\n`);
  });
}

for (const format of ['cjs', 'esm'] as const) {
  test(`bundled by esbuild (${format}), the error says what to do, and as an external it runs`, (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules', 'procpool-native'));
    writeFileSync(
      join(folder, 'app.js'),
      `import { ProcessPool } from 'procpool-native';
      const pool = new ProcessPool({ port: 0, host: '127.0.0.1', workers: 1, output: 'pipe' });
      pool.start().then(() => pool.stop()).then(() => console.log('ran'), ({ code, message }) => console.log(code, message));`,
    );
    const bundled = (...options: string[]): string => {
      const outfile = join(folder, 'dist', format === 'esm' ? 'app.mjs' : 'app.cjs');
      // What esbuild itself documents for dependencies that call require() in ES modules.
      const banner = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;
      const esm = format === 'esm' ? [`--banner:js=${banner}`] : [];
      const args = ['app.js', '--bundle', '--platform=node', `--format=${format}`, `--outfile=${outfile}`];
      const build = [...args, ...esm, ...options, '--log-level=error'];
      const { stderr } = runBlocked(join(root, 'node_modules/.bin/esbuild'), build, { cwd: folder });
      assert.equal(stderr, '');
      return runBlocked(process.execPath, [outfile]).stdout;
    };
    assert.match(bundled(), /^ERR_PROCPOOL_BINDING .*mark procpool-native external/);
    assert.equal(bundled('--external:procpool-native'), 'ran\n');
  });
}

test('the supervisor does not run by hand', () => {
  const { status, stderr } = runBlocked(join(root, 'build/Release/procpool-supervisor'), []);
  assert.equal(status, 2);
  assert.match(stderr, /^procpool-supervisor: .*not by hand\n$/);
});

test('Ctrl-C ends a pipeline with gzip, as README shows it, with a complete file', async (t) => {
  const path = join(temporaryFolder(t), 'capture.gz');
  const script = `"$0" "$1" --port 0 --host 127.0.0.1 --log-format json | (trap '' INT; gzip > "$2")`;
  const child = spawn('sh', ['-c', script, process.execPath, cli, path], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const pool = followCli(t, child);
  const bytes = randomBytes(2 ** 20);
  await deliver(await pool.port(), bytes);
  process.kill(-pool.pid, 'SIGINT');
  await pool.exited;
  assert.ok(bytes.equals(gunzipSync(readFileSync(path))));
});
