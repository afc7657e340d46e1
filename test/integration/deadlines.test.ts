import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { root } from '../helpers/cli.js';
import { isLeft } from '../helpers/processes.js';
import { test } from '../helpers/test.js';
import { until } from '../helpers/until.js';

test('a test that hangs fails, says what it waited for, and leaves no process behind', async () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--test-reporter', 'tap', join(root, 'test', 'fixtures', 'hangs.ts')],
    { encoding: 'utf8', env: { ...process.env, PROCPOOL_TEST_DEADLINE: '5', NODE_TEST_CONTEXT: undefined } },
  );
  assert.equal(status, 1, stdout);
  assert.match(stdout, /never came true: event "close" of a Socket/);
  const supervisor = Number(/supervisor (\d+)/.exec(stdout)?.[1]);
  await until('no process left', () => !isLeft(supervisor));
});
