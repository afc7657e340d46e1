import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(__dirname, '..', '..');

/** The C++ files that a gyp file names. */
function listedIn(path: string): string[] {
  return [...readFileSync(join(root, path), 'utf8').matchAll(/"([^"]+\.cc)"/g)].map(([, name = '']) => name).sort();
}

test('native/sources.gypi lists every source once, and no other gyp file lists it again', () => {
  const entry = 'supervisor/main.cc';
  const sources = readdirSync(join(root, 'native'), { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.cc') && name !== entry,
  );
  assert.deepEqual(listedIn('native/sources.gypi'), sources.sort());
  assert.deepEqual(listedIn('binding.gyp'), [`native/${entry}`]);
  for (const path of ['test/native/binding.gyp', 'test/bench/binding.gyp', 'test/chaos/binding.gyp']) {
    assert.deepEqual(
      listedIn(path).filter((name) => name.startsWith('../../native/')),
      [],
      path,
    );
  }
});
