import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { addon } from './addon.js';

/** Generous: machines are slow and shared, and nothing here asserts a time. */
const deadline = 60_000;

/** Descriptors that are closed, and a folder that is removed, at the end of a block: `using own = new Descriptors()`. */
export class Descriptors implements Disposable {
  readonly #open = new Set<number>();
  #folder: string | undefined;

  own<T extends number[]>(...fds: T): T {
    for (const fd of fds) this.#open.add(fd);
    return fds;
  }

  open(path: string, flags: string | number): number {
    return this.own(openSync(path, flags))[0];
  }

  close(fd: number): void {
    this.#open.delete(fd);
    closeSync(fd);
  }

  /** The folder's path; removed with what is in it. */
  get folder(): string {
    return (this.#folder ??= mkdtempSync(join(tmpdir(), 'procpool-')));
  }

  [Symbol.dispose](): void {
    for (const fd of this.#open) closeSync(fd);
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true });
  }
}

export interface Connection {
  client: number;
  /** The end that a worker reads. */
  connection: number;
}

export const connections = {
  TCP(own: Descriptors): Connection {
    const [client, connection] = own.own(...addon.tcpPair());
    return { client, connection };
  },
  Unix(own: Descriptors): Connection {
    const [client, connection] = own.own(...addon.socketPair());
    return { client, connection };
  },
};

export interface Destination {
  /** What a worker writes to, as its stdout. */
  fd: number;
  /** Where that is read. */
  reader: number;
}

function file(own: Descriptors, flags: string): Destination {
  const path = join(own.folder, 'out');
  return { fd: own.open(path, flags), reader: own.open(path, 'r') };
}

function fifo(own: Descriptors): Destination {
  const path = join(own.folder, 'fifo');
  execFileSync('mkfifo', [path]);
  const reader = own.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { fd: own.open(path, 'w'), reader };
}

/** What stdout can be, and be read from. */
export const destinations = {
  pipe(own: Descriptors): Destination {
    const [reader, fd] = own.own(...addon.pipe());
    return { fd, reader };
  },
  FIFO: fifo,
  'Unix socket'(own: Descriptors): Destination {
    const [reader, fd] = own.own(...addon.socketPair());
    return { fd, reader };
  },
  'TCP socket'(own: Descriptors): Destination {
    const [reader, fd] = own.own(...addon.tcpPair());
    return { fd, reader };
  },
  'plain file': (own: Descriptors): Destination => file(own, 'w'),
  'append file': (own: Descriptors): Destination => file(own, 'a'),
  terminal(own: Descriptors): Destination {
    const [reader, fd] = own.own(...addon.terminalPair());
    return { fd, reader };
  },
};

/** What there is to read, at most `most` bytes. Never waits. */
export function readReady(fd: number, most = Infinity): Buffer {
  const size = Math.min(addon.readableBytes(fd), most);
  if (size <= 0) return Buffer.alloc(0);
  const bytes = Buffer.alloc(size);
  return bytes.subarray(0, readSync(fd, bytes));
}

export function awaitInput(fd: number): void {
  assert.ok(addon.hasInput(fd, deadline), 'nothing came');
}

const pattern = Buffer.from(Uint32Array.from({ length: 262_139 }, (_, index) => Math.imul(index, 0x9e37_79b1)).buffer);

/** What a client sends from its byte `from` on: no stretch of it looks like another nearby. */
export function patternBytes(from: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let filled = 0; filled < size;) {
    filled += pattern.copy(bytes, filled, (from + filled) % pattern.length);
  }
  return bytes;
}
