import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const root = join(__dirname, '..', '..');
const page = (path: string): string => readFileSync(join(root, path), 'utf8');

test('docs/numbers.md shows the summary of the results that are kept, and of which runs they are', () => {
  const [summary = '', runs = ''] = page('test/bench/results/results.md').split('\n\n');
  assert.ok(page('docs/numbers.md').includes(`${summary}\n\n${runs}\n`));
});

test('every link of every page leads to a file', () => {
  for (const file of [
    'README.md',
    'native/README.md',
    'test/documents.md',
    'CONTRIBUTING.md',
    ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
  ]) {
    const links = [...page(file).matchAll(/\]\(([^)#]+)\)|src="([^"]+)"/g)].map(([, link, src]) => link ?? src!);
    const dead = links.filter((link) => !link.includes('://') && !existsSync(join(root, dirname(file), link)));
    assert.deepEqual(dead, [], file);
  }
});

test('every source file that the maps name is there', () => {
  const files = ['native', 'lib', 'test', 'docs'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => `/${folder}/${path}`),
  );
  files.push('/CHANGELOG.md');
  for (const map of ['native/README.md', 'test/documents.md', 'CONTRIBUTING.md']) {
    const named = [...page(map).matchAll(/`([\w/.-]+\.(?:h|cc|ts|md|gypi))`/g)].map(([, name = '']) => name);
    assert.ok(named.length > 5, map);
    assert.deepEqual(
      named.filter((name) => !files.some((path) => path.endsWith(`/${name}`))),
      [],
      map,
    );
  }
});
