import assert from 'node:assert/strict';

import { scenarios, stopUnderLoad } from '../helpers/stop_under_load.js';
import { targets } from '../helpers/target.js';
import { test } from '../helpers/test.js';

// Once each; `npm run test:stops` does it a thousand times.
for (const handler of ['sink', 'http'] as const) {
  for (const [at, workers] of [1, 2, 4, 16].entries()) {
    for (const output of targets) {
      const scenario = scenarios[(at + targets.indexOf(output)) % scenarios.length]!;
      const title = `${scenario.signal} to the ${scenario.receiver}${scenario.endless ? ', beside a client that sends without end' : ''}`;
      test(`${handler}, ${workers} workers, ${output}: ${title} loses nothing that was acknowledged`, async () => {
        assert.ok((await stopUnderLoad({ handler, workers, output, scenario })) > 0);
      });
    }
  }
}
