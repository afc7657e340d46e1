import type { Socket } from 'node:net';

import type { ReadyCli } from './cli.js';
import { clientsThatSent } from './clients.js';

/** Clients whose bytes wait because nobody reads the output of the pool. */
export async function stalledClients(pool: ReadyCli, count: number, bytes: number): Promise<Socket[]> {
  const clients = await clientsThatSent(pool.tcp, count, Buffer.alloc(bytes, 'x'));
  await pool.logged('stall');
  return clients;
}
