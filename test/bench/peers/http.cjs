// Bodies to stdout, answered when stdout has taken them.
const { createServer } = require('node:http');

createServer((request, answer) => {
  const body = [];
  request
    .on('data', (chunk) => body.push(chunk))
    .on('end', () => process.stdout.write(Buffer.concat(body), () => answer.writeHead(204).end()));
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 });
