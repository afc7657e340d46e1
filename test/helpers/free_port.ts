import { type AddressInfo, createServer } from 'node:net';

import { once } from './within.js';

/** A port that was free a moment ago, for programs that cannot pick one and say which. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
