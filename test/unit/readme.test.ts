import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { temporaryFolder } from '../helpers/files.js';

const root = join(__dirname, '..', '..');
const page = (path: string): string => readFileSync(join(root, path), 'utf8');
const readme = page('README.md');

test('docs/numbers.md shows the table of the run whose results are kept', () => {
  const numbers = page('docs/numbers.md');
  const results = page('test/bench/results/results.md').trim().split('\n\n');
  assert.ok(numbers.includes(results[0]!));
  assert.ok(numbers.includes(results.at(-1)!));
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

test('every link of every page leads to a file', () => {
  for (const file of [
    'README.md',
    'native/README.md',
    ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
  ]) {
    const links = [...page(file).matchAll(/\]\(([^)#]+)\)|src="([^"]+)"/g)].map(([, link, src]) => link ?? src!);
    const dead = links.filter((link) => !link.includes('://') && !existsSync(join(root, dirname(file), link)));
    assert.deepEqual(dead, [], file);
  }
});
