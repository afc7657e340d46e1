import { parseArgs } from 'node:util';

import { scenarios, type Setup, stopUnderLoad } from './helpers/stop_under_load.js';
import { targets } from './helpers/target.js';

/** Stops pools under load, again and again, in every combination: `npm run test:stops -- --stops 1000`. */
const { values } = parseArgs({ options: { stops: { type: 'string', default: '1000' } } });

const setups: Setup[] = (['sink', 'http'] as const).flatMap((handler) =>
  [1, 2, 4, 16].flatMap((workers) =>
    targets.flatMap((output) => scenarios.map((scenario) => ({ handler, workers, output, scenario }))),
  ),
);

async function main(): Promise<void> {
  const stops = Number(values.stops);
  let failed = 0;
  for (let done = 0; done < stops; done++) {
    // A step that is prime to the number of setups: every kind comes early.
    const setup = setups[(done * 37) % setups.length]!;
    try {
      await stopUnderLoad(setup);
    } catch (error) {
      failed += 1;
      console.error(`${JSON.stringify(setup)}: ${error instanceof Error ? error.message : String(error)}`);
    }
    if ((done + 1) % 100 === 0) console.log(`${done + 1} stops, ${failed} with a loss`);
  }
  process.exitCode = failed > 0 ? 1 : 0;
}

void main();
