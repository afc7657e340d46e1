import assert from 'node:assert/strict';

import { stopUnderLoad, ways } from '../helpers/stop_under_load.js';
import { targets } from '../helpers/target.js';
import { test } from '../helpers/test.js';

// Once each; `npm run test:stops` does it a thousand times.
for (const handler of ['sink', 'http'] as const) {
  for (const [at, workers] of [1, 2, 4, 16].entries()) {
    for (const output of targets) {
      const way = ways[(at + targets.indexOf(output)) % ways.length]!;
      const what = `${way.signal} to the ${way.to}${way.endless ? ', beside a client that sends without end' : ''}`;
      test(`${handler}, ${workers} workers, ${output}: ${what} loses nothing that was acknowledged`, async () => {
        assert.ok((await stopUnderLoad({ handler, workers, output, way })) > 0);
      });
    }
  }
}
