import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { root } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/files.js';
import { addon, pack, run, runTool, supervisor, unpack } from './packed.js';

const executables = ['dist/cli.js', addon, supervisor];

/** The plots that README.md and docs/ show. */
function plots(): string[] {
  const folder = 'test/bench/results';
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.svg'))
    .map((name) => `${folder}/${name}`);
}

/** What tsc makes of the sources in lib. */
function compiled(): string[] {
  return readdirSync(join(root, 'lib'))
    .filter((name) => !name.endsWith('.d.ts'))
    .flatMap((name) => [name.replace(/ts$/, 'js'), name.replace(/m?ts$/, 'd.$&')])
    .map((name) => `dist/${name}`);
}

function nativeSources(): string[] {
  return readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:cc|gypi|h|md)$/.test(name))
    .map((name) => `native/${name}`);
}

function modesIn(tarball: string): Record<string, string> {
  const lines = run('tar', ['-tvzf', tarball]).trim().split('\n');
  return Object.fromEntries(lines.map((line) => [line.slice(line.indexOf('package/') + 8), line.slice(0, 10)]));
}

test('the tarball', async (t) => {
  const folder = temporaryFolder(t);
  const tarball = pack(folder);

  await t.test('holds what is promised, executable where it must be, and nothing else', () => {
    const promised = [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'binding.gyp',
      'package.json',
      ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
      ...plots(),
      ...compiled(),
      ...nativeSources(),
      addon,
      supervisor,
    ];
    const modes = promised.map((path) => [path, executables.includes(path) ? '-rwxr-xr-x' : '-rw-r--r--'] as const);
    assert.deepEqual(modesIn(tarball), Object.fromEntries(modes));
  });

  await t.test('tells nothing about the machine that made it', () => {
    const unpacked = join(folder, 'unpacked');
    unpack(tarball, unpacked);
    for (const path of Object.keys(modesIn(tarball))) {
      const content = readFileSync(join(unpacked, path), 'latin1');
      for (const secret of [root, `${homedir()}/`, 'sourceMappingURL']) {
        assert.ok(!content.includes(secret), `${path} contains ${secret}`);
      }
    }
  });

  await t.test('satisfies publint', () => {
    runTool('publint', ['run', '--strict', tarball]);
  });

  await t.test('satisfies attw', () => {
    runTool('attw', [tarball]);
  });
});
