import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { TestContext } from 'node:test';

import { after } from './after.js';
import { refusesConnections } from './clients.js';
import { once } from './within.js';

const listening = '0A';

/** The inodes of the sockets that listen on a TCP port: another test's that gets the same port later has another. */
export function listenersOn(port: number): string[] {
  return ['/proc/net/tcp', '/proc/net/tcp6'].filter(existsSync).flatMap((table) =>
    readFileSync(table, 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => state === listening && Number.parseInt(local!.split(':')[1]!, 16) === port)
      .map((fields) => fields[9]!),
  );
}

/** A port at which nobody listens, of those that the kernel gives to nobody who asks for any. */
export async function freePort(): Promise<number> {
  const [first = 32_768] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').split(/\s/).map(Number);
  for (;;) {
    const port = 1024 + Math.floor(Math.random() * (first - 1024));
    if (await refusesConnections(port)) return port;
  }
}

/** A port that is in use until the test ends. */
export async function takenPort(t: TestContext): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(t, () => server.close());
  return (server.address() as { port: number }).port;
}
