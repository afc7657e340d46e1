import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { formatted } from '../bench/number.js';
import { readRuns, without, writeRuns } from '../bench/results.js';
import { root } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/files.js';

const stored = join(root, 'test/bench/results');

test('the tables and charts that are kept are those of the samples that are kept', async (t) => {
  const folder = temporaryFolder(t);
  await writeRuns(folder, readRuns(stored));
  assert.deepEqual(readdirSync(folder), readdirSync(stored));
  for (const name of readdirSync(folder)) {
    assert.equal(readFileSync(join(folder, name), 'utf8'), readFileSync(join(stored, name), 'utf8'), name);
  }
});

test('every picture has a ground of its own, and colours for dark pages', () => {
  const charts = readdirSync(stored).filter((name) => name.endsWith('.svg'));
  for (const path of [...charts.map((name) => join(stored, name)), join(root, 'docs/processes.svg')]) {
    const svg = readFileSync(path, 'utf8');
    assert.match(svg, /@media \(prefers-color-scheme: dark\)/, path);
    assert.match(svg, /<rect[^>]*(?:fill="#ffffff"|class="paper")/, path);
  }
});

test('figures have three digits that count', () => {
  assert.deepEqual([0.02904, 1, 99.96, 374_695, Number.NaN].map(formatted), ['0.0290', '1.00', '100', '375,000', '–']);
});

test('what is measured again takes the place of what was kept', () => {
  const comparison = (id: string) => ({ id, title: '', figures: [], results: [] });
  const [{ machine } = { machine: undefined }] = readRuns(stored);
  const run = (...ids: string[]) => ({ machine: machine!, rounds: 1, comparisons: ids.map(comparison) });
  assert.deepEqual(without([run('W1', 'W3'), run('W2')], [comparison('W2'), comparison('W3')]), [run('W1')]);
});
