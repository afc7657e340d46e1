import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

import { addon } from '../native/addon.js';
import { client } from './clients.js';

/** As many as CycleCheck can tell apart. */
export const maxSenders = 64;

/** A client that repeats four values of its own, and over TCP knows how much of that the pool's machine has acknowledged. */
export class Sender {
  /** Bytes that its own kernel has taken. */
  handedOver = 0;
  ended = false;
  cutOff = false;
  /** The other side reset the connection, or ended it first. */
  broken = false;
  #begun = 0;

  constructor(
    readonly index: number,
    readonly socket: Socket,
  ) {
    socket.on('error', () => (this.cutOff = this.broken = true)).on('close', () => (this.cutOff = true));
    socket.on('end', () => (this.broken ||= !socket.writableEnded)).resume();
  }

  static async connect(index: number, to: number | string): Promise<Sender> {
    return new Sender(index, await client(to));
  }

  get acknowledged(): number {
    // It may also be closed at its end, with all of it read.
    const { fd } = (this.socket as unknown as { _handle: { fd: number } | null })._handle ?? { fd: -1 };
    return fd < 0 ? this.handedOver : Math.max(0, this.handedOver - Math.max(0, addon.unacknowledged(fd)));
  }

  /** No more than that can have arrived. */
  get maxBytes(): number {
    return this.#begun;
  }

  async write(cycles: number): Promise<void> {
    const first = this.index * 4;
    const block = Buffer.alloc(cycles * 4, Buffer.from([first, first + 1, first + 2, first + 3]));
    this.#begun += block.length;
    await new Promise<void>((resolve) => {
      this.socket.once('close', resolve);
      this.socket.write(block, (error) => {
        this.cutOff ||= Boolean(error);
        this.socket.off('close', resolve);
        resolve();
      });
    });
    if (!this.cutOff) this.handedOver += block.length;
  }

  /** Sends until it is told to end, or cut off. */
  async pour(): Promise<void> {
    while (!this.ended && !this.cutOff) {
      await this.write(4096);
      // A write that the kernel takes at once would come before every timer and every other socket.
      await setImmediate();
    }
    this.socket.end();
  }
}

/** What came of each sender is the beginning of what it sent: in order, and nothing twice. Returns the bytes of each. */
export async function checkOrder(senders: Sender[], content: AsyncIterable<Buffer>): Promise<number[]> {
  const check = new addon.CycleCheck();
  for await (const chunk of content) check.add(chunk);
  assert.equal(check.disorder, 0, 'bytes of a client are out of order');
  for (const { index, maxBytes } of senders) {
    const delivered = check.counts[index]!;
    assert.ok(delivered <= maxBytes, `client ${index}: sent ${maxBytes} bytes, ${delivered} came`);
  }
  return senders.map(({ index }) => check.counts[index]!);
}
