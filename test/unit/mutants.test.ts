import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { mutants, root, table, tableFile } from '../mutants/list.js';

test('there are at least 40 deliberate defects, each with a test and files that exist', () => {
  const found = mutants();
  assert.ok(found.length >= 40);
  for (const { id, defect, test, files } of found) {
    assert.ok(defect !== '' && files.length > 0, id);
    for (const file of [test, ...files]) assert.ok(existsSync(join(root, file)), `${id}: ${file}`);
  }
});

test('each applies to the code as it is', { skip: !existsSync(join(root, '.git')) && 'needs a git checkout' }, () => {
  const stale = mutants().filter(
    ({ patch }) => spawnSync('git', ['apply', '--check', patch], { cwd: root }).status !== 0,
  );
  assert.deepEqual(
    stale.map(({ id }) => id),
    [],
  );
});

test('mutants.md lists them: npm run test:mutants -- --table', async () => {
  assert.equal(readFileSync(tableFile, 'utf8'), await table());
});
