import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { helpText } from '../../lib/arguments.js';
import { temporaryFolder } from '../helpers/files.js';

const root = join(__dirname, '..', '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

test('README shows the table of the run whose results are kept', () => {
  const results = readFileSync(join(root, 'test', 'bench', 'results', 'results.md'), 'utf8')
    .trim()
    .split('\n\n');
  assert.ok(readme.includes(results[0]!));
  assert.ok(readme.includes(results.at(-1)!));
});

test('README shows the help as it is', () => {
  assert.ok(readme.includes(helpText()));
});

test("README's program compiles in strict TypeScript, and prints what README says", (t) => {
  const [, program = '', printed = ''] = /```js\n([^]*?)```\n\n```\n([^]*?)```/.exec(readme) ?? [];
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'procpool-native'));
  symlinkSync(join(root, 'node_modules', '@types'), join(folder, 'node_modules', '@types'));
  for (const name of ['program.mts', 'program.mjs']) writeFileSync(join(folder, name), program);
  const options = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,esnext.disposable'];
  const tsc = [...options, '--types', 'node', '--module', 'node16', 'program.mts'];
  const compiled = spawnSync(join(root, 'node_modules', '.bin', 'tsc'), tsc, { cwd: folder, encoding: 'utf8' });
  assert.equal(compiled.stdout, '');
  const run = spawnSync(process.execPath, ['program.mjs'], { cwd: folder, encoding: 'utf8', timeout: 60_000 });
  assert.deepEqual([run.stdout.replace(/^on \S+:\d+$/m, 'on [::]:34567'), run.stderr], [printed, '']);
});
