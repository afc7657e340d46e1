// What one would write first: every client's bytes to stdout, in one process.
const { createServer } = require('node:net');

process.stdout.setMaxListeners(0);
createServer((socket) => {
  socket.on('error', () => socket.destroy()).pipe(process.stdout, { end: false });
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 });
