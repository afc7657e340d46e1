import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { helpText } from '../../lib/arguments.js';

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
