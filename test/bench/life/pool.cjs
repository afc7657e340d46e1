// A replacement accepts when the pool says so: its event worker:takeover.
const { once } = require('node:events');

const { ProcessPool } = require('../../../dist/index.js');
const { loadBinding } = require('../../../dist/native.js');
const { timed } = require('./stopwatch.cjs');

async function main() {
  loadBinding();
  const pool = new ProcessPool({ host: '127.0.0.1', port: 0, workers: 3 });
  const start = await timed(() => pool.start());
  const replacement = await timed(async () => {
    process.kill(pool.stats().workers[0].pid, 'SIGKILL');
    await once(pool, 'worker:takeover');
  });
  const stop = await timed(() => pool.stop());
  console.log(JSON.stringify({ start, replacement, stop }));
}

void main();
