import { connect, type Socket } from 'node:net';

import { once, within } from './within.js';

/** A connected client. */
export async function client(to: number | string): Promise<Socket> {
  const socket = typeof to === 'number' ? connect(to, '127.0.0.1') : connect(to);
  await once(socket, 'connect');
  return socket;
}

/** A connected client that drops what it gets, and may be cut off. */
export async function lenientClient(to: number | string): Promise<Socket> {
  return (await client(to)).on('error', () => undefined).resume();
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

/** Lenient clients whose bytes are in the kernel's hands, and with `end` their ends too. */
export async function clientsThatSent(
  to: number | string,
  count: number,
  bytes: string | Buffer,
  { end = false } = {},
): Promise<Socket[]> {
  const sockets = await Promise.all(Array.from({ length: count }, () => lenientClient(to)));
  await Promise.all(sockets.map((socket) => write(socket, bytes)));
  if (end) {
    const ended = sockets.map((socket) => new Promise<void>((resolve) => socket.end(resolve)));
    await within('the clients have ended', Promise.all(ended));
  }
  return sockets;
}

/** A lenient client that sends as fast as its peer takes it, until that closes. */
export async function endlessClient(to: number | string): Promise<Socket> {
  const socket = await lenientClient(to);
  const block = Buffer.alloc(2 ** 16, 'x');
  const send = (): void => {
    while (!socket.destroyed && socket.write(block));
  };
  socket.on('drain', send);
  send();
  return socket;
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
