import assert from 'node:assert/strict';
import { join } from 'node:path';

import type { Arguments, Checked } from '../chaos/programs.js';
import { checkWoven, type Woven } from '../chaos/weaving.js';
import { temporaryFolder } from '../helpers/files.js';
import { test } from '../helpers/test.js';

const few: Arguments = { clients: 20, bytes: 400_000, least: 16, most: 3000 };
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

/** One after the other: a machine may have few cores. */
async function forSeeds(report: string, args: Arguments, judge: (woven: Woven, seed: number) => void): Promise<void> {
  for (const seed of seeds) judge(await checkWoven(report, { ...args, seed }), seed);
}

/** The defect that is nearest to the damage, which has to be near. */
function assertFound(checked: Checked, damaged: number, size: number, kinds: string[]): void {
  const what = JSON.stringify({ checked, damaged });
  assert.ok(checked.defects > 0, what);
  assert.ok(checked.complete < checked.clients, what);
  const near = checked.first.filter(({ at }) => at >= damaged && at <= damaged + 2 * size);
  const kind = near.find((defect) => kinds.includes(defect.kind));
  assert.ok(kind !== undefined, what);
}

for (const [clients, least, most] of [
  [1, 16, 100],
  [2, 16, 70_000],
  [200, 16, 100],
  [200, 16, 4000],
  [2000, 16, 300],
  [4096, 16, 50_000],
] as const) {
  test(`${clients} streams, interleaved in pieces of ${least} to ${most} bytes, are complete`, async (t) => {
    const report = join(temporaryFolder(t), 'report');
    await forSeeds(report, { clients, least, most, bytes: 2_000_000 }, ({ checked }, seed) => {
      assert.deepEqual(
        { ...checked, shortPieces: 0 },
        {
          bytes: 2_000_000,
          clients,
          complete: clients,
          shortPieces: 0,
          defects: 0,
          first: [],
        },
        `seed ${seed}`,
      );
    });
  });
}

test('pieces that are too short to tell whose they are, a byte at the least, are explained by what follows', async (t) => {
  const report = join(temporaryFolder(t), 'report');
  const args = { clients: 200, least: 16, most: 4000, bytes: 5_000_000, short: 200 };
  await forSeeds(report, args, ({ checked }, seed) => {
    assert.ok(checked.shortPieces > 0, `seed ${seed}`);
    assert.deepEqual(checked.first, [], `seed ${seed}`);
  });
});

for (const size of [1, 2, 7, 16, 500, 100_000]) {
  test(`${size} bytes that are lost are found, with the client and the place`, async (t) => {
    const report = join(temporaryFolder(t), 'report');
    await forSeeds(report, { ...few, defect: 'drop', size }, ({ checked, damaged }) => {
      assert.equal(checked.bytes, 400_000 - size);
      assertFound(checked, damaged, 70_000, ['lost']);
    });
  });

  test(`${size} bytes that come twice are found`, async (t) => {
    const report = join(temporaryFolder(t), 'report');
    await forSeeds(report, { ...few, defect: 'double', size }, ({ checked, damaged }) => {
      assert.equal(checked.bytes, 400_000 + size);
      assertFound(checked, damaged, size + 20, ['doubled', 'unexplained']);
    });
  });

  test(`${size} bytes that are damaged are found`, async (t) => {
    const report = join(temporaryFolder(t), 'report');
    await forSeeds(report, { ...few, defect: 'flip', size }, ({ checked, damaged }) => {
      assertFound(checked, damaged, size + 20, ['lost', 'unexplained']);
    });
  });

  test(`two neighbouring ranges of a client's, of ${size} bytes, that have changed places are found`, async (t) => {
    const report = join(temporaryFolder(t), 'report');
    const args = { ...few, clients: 2, most: 200_000, bytes: 600_000, defect: 'swap', size };
    await forSeeds(report, args, ({ checked, damaged }) => {
      assertFound(checked, damaged, 2 * size + 20, ['reordered', 'lost', 'unexplained']);
    });
  });
}
