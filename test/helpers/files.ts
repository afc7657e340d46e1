import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import { after } from './after.js';

/** A folder of the test's own, removed after it. */
export function temporaryFolder(t: TestContext, parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, 'procpool-'));
  after(t, () => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}
