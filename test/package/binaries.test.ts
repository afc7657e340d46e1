import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
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
  const headers = run('readelf', ['--program-headers', '--dynamic', '--wide', join(root, supervisor)]);
  assert.match(headers, /\bLOAD\b/);
  assert.doesNotMatch(headers, /\b(?:INTERP|NEEDED)\b/);
});

test('the supervisor lies anywhere in memory, and its tables are read-only once it runs', () => {
  const headers = run('readelf', ['--file-header', '--program-headers', '--dynamic', '--wide', join(root, supervisor)]);
  assert.match(headers, /Type: +DYN\b/);
  assert.match(headers, /\bGNU_RELRO\b/);
  assert.match(headers, /\(FLAGS_1\) .*\bNOW\b.*\bPIE\b/);
  const [, flags] = /\bGNU_STACK\b(?: +0x\w+){5} +([RWE]+)/.exec(headers) ?? [];
  assert.equal(flags, 'RW');
});

/** What the supervisor was linked from: its own symbols are stripped. */
function objects(): string[] {
  const folder = join(root, 'build', 'Release', 'obj.target', 'procpool-supervisor');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.o'))
    .map((name) => join(folder, name));
}

for (const [what, symbol] of [
  ['guards its stack', '__stack_chk_fail'],
  ['checks the bounds of what it copies and prints', '__fprintf_chk'],
] as const) {
  test(`the supervisor ${what}`, () => {
    assert.match(run('readelf', ['--symbols', '--wide', ...objects()]), new RegExp(`\\bUND ${symbol}\\b`));
  });
}

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
