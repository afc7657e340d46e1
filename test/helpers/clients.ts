import { connect, type Socket } from 'node:net';

import { once, within } from './within.js';

/** A connected client. */
export async function client(to: number | string): Promise<Socket> {
  const socket = typeof to === 'number' ? connect(to, '127.0.0.1') : connect(to);
  await once(socket, 'connect');
  return socket;
}

/** Writes the bytes, and waits until the kernel has them. */
export function write(socket: Socket, bytes: string | Buffer): Promise<void> {
  const written = new Promise<void>((resolve, reject) => {
    socket.write(bytes, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
  return within(`${bytes.length} bytes are written`, written);
}

/** Sends the bytes, ends the stream and waits until the other side has closed too. */
export async function deliver(to: number | string, bytes: string | Buffer): Promise<void> {
  const socket = await client(to);
  socket.resume();
  socket.end(bytes);
  await once(socket, 'close');
}

export async function refusesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return true;
  } finally {
    socket.destroy();
  }
}

/** Writes `total` bytes of the cycle `first … first + 3`, continuing each short write; then ends the stream. */
export async function sendCycle(socket: Socket, first: number, total: number): Promise<void> {
  const block = Buffer.alloc(256 * 1024, Buffer.from([first, first + 1, first + 2, first + 3]));
  for (let sent = 0; sent < total; sent += block.length) {
    const part = total - sent < block.length ? block.subarray(0, total - sent) : block;
    if (!socket.write(part)) await once(socket, 'drain');
  }
  socket.end();
  socket.resume();
  await once(socket, 'close');
}
