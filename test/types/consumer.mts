import { ProcessPool, type StopOptions } from 'procpool-native';

const stop: StopOptions = { drainTimeout: 1000 };

await using pool = new ProcessPool({ path: 'procpool.sock', output: 'pipe' });
await pool.start();
console.log(pool.address().toUpperCase());
for await (const chunk of pool.output) console.log(chunk);
await pool.stop(stop);

// @ts-expect-error: a time is a number of milliseconds
await pool.stop({ drainTimeout: '1s' });
// @ts-expect-error: a number of workers is needed
await pool.resize();
