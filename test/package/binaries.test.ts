import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

import { root } from '../helpers/cli.js';
import { addon, run, supervisor } from './packed.js';

const { compare } = new Intl.Collator('en', { numeric: true });

/** Versions of the addon's symbols in one library, in order. */
function neededVersions(prefix: string): string[] {
  const info = run('readelf', ['--version-info', '--wide', join(root, addon)]);
  return [...info.matchAll(new RegExp(`\\b${prefix}_([\\d.]+)`, 'g'))].map(([, version]) => version!).sort(compare);
}

test('the supervisor needs no loader and no library', () => {
  const headers = run('readelf', ['--program-headers', '--wide', join(root, supervisor)]);
  assert.match(headers, /\bLOAD\b/);
  assert.doesNotMatch(headers, /\b(?:INTERP|DYNAMIC)\b/);
});

test('the supervisor says that it is not started by hand', () => {
  const { status, stderr } = spawnSync(join(root, supervisor), { encoding: 'utf8' });
  assert.match(stderr, /started by procpool-native/);
  assert.equal(status, 2);
});

for (const [library, prefix, floor] of [
  ['glibc', 'GLIBC', '2.28'],
  ['libstdc++', 'GLIBCXX', '3.4.25'],
  ["libstdc++'s ABI", 'CXXABI', '1.3.11'],
] as const) {
  test(`the addon needs nothing newer of ${library} than ${floor}`, (t) => {
    const needed = neededVersions(prefix).at(-1);
    t.diagnostic(`needed: ${prefix}_${needed}`);
    assert.ok(needed !== undefined && compare(needed, floor) <= 0, `needed: ${prefix}_${needed}`);
  });
}
