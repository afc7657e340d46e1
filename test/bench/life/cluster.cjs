// A replacement is forked when the worker's exit is known, and accepts at its event listening.
const cluster = require('node:cluster');
const { once } = require('node:events');
const { createServer } = require('node:net');

const { timed } = require('./stopwatch.cjs');

async function listening() {
  await once(cluster.fork(), 'listening');
}

async function main() {
  const start = await timed(() => Promise.all([listening(), listening(), listening()]));
  const [worker] = Object.values(cluster.workers);
  const replacement = await timed(async () => {
    worker.process.kill('SIGKILL');
    await once(worker, 'exit');
    await listening();
  });
  const stop = await timed(() => {
    const exits = Object.values(cluster.workers).map((one) => once(one, 'exit'));
    return Promise.all([...exits, new Promise((resolve) => cluster.disconnect(resolve))]);
  });
  console.log(JSON.stringify({ start, replacement, stop }));
}

if (cluster.isPrimary) void main();
else createServer().listen({ port: 0, host: '127.0.0.1' });
