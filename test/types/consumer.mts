import { ProcessPool, type StopOptions } from 'procpool-native';

const stop: StopOptions = { drainTimeout: 1000 };

await using pool = new ProcessPool({ path: 'procpool.sock', output: 'pipe' });
await pool.start();
const address = pool.address();
if (address !== null && typeof address !== 'string') console.log(address.port.toFixed(), address.family === 'IPv6');
for await (const chunk of pool.output ?? []) console.log(chunk);
await pool.stop(stop);

// @ts-expect-error: a time is a number of milliseconds
await pool.stop({ drainTimeout: '1s' });
// @ts-expect-error: a number of workers is needed
await pool.resize();
