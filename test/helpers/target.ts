import { spawn } from 'node:child_process';
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

import { addon } from '../native/addon.js';
import { realPipe } from './cli.js';
import { within } from './within.js';

export const readByOthers = ['pipe', 'socket', 'terminal'] as const;
export const files = ['file', 'append'] as const;
export const targets = [...readByOthers, ...files] as const;
export type TargetKind = (typeof targets)[number] | 'tcp';

/** Something to write to, with what was written. */
export interface Target {
  /** For the pool, to be closed when the pool has it. */
  writeEnd: number;
  /** From now on it is read; files need none. */
  read(): void;
  /** The reader goes away. */
  leave(): void;
  /** What was written, when all writers have closed it. */
  content(): AsyncIterable<Buffer>;
  end(): void;
}

export function openTarget(kind: TargetKind, folder?: string): Target {
  return kind === 'file' || kind === 'append' ? fileTarget(kind, folder) : readTarget(kind);
}

function fileTarget(kind: 'file' | 'append', existing?: string): Target {
  const folder = existing ?? mkdtempSync(join(tmpdir(), 'procpool-'));
  const path = join(folder, 'out');
  return {
    writeEnd: openSync(path, kind === 'file' ? 'w' : 'a'),
    read: () => undefined,
    leave: () => {
      throw new Error('a file has no reader');
    },
    content: () => createReadStream(path),
    end: () => {
      if (existing === undefined) rmSync(folder, { recursive: true });
    },
  };
}

function socketEnds([near, writeEnd]: [number, number]): Ends {
  const readEnd = new Socket({ fd: near, readable: true, writable: false });
  return { readEnd, writeEnd, leave: () => readEnd.destroy() };
}

interface Ends {
  readEnd: Readable;
  writeEnd: number;
  leave: () => void;
}

type ReadKind = Exclude<TargetKind, (typeof files)[number]>;

function readTarget(kind: ReadKind): Target {
  const { readEnd, writeEnd, leave } = ends[kind]();
  const pieces: Buffer[] = [];
  const closed = new Promise((resolve) => readEnd.once('close', resolve));
  const read = (): void => {
    readEnd.on('data', (chunk: Buffer) => pieces.push(chunk));
  };
  return {
    writeEnd,
    read,
    leave,
    async *content() {
      await within('all writers have closed the output', closed);
      yield* pieces;
    },
    end: leave,
  };
}

const ends: Record<ReadKind, () => Ends> = {
  pipe: () => {
    const { readEnd, writeEnd } = realPipe();
    return { readEnd, writeEnd, leave: () => readEnd.destroy() };
  },
  socket: () => socketEnds(addon.socketPair()),
  tcp: () => socketEnds(addon.tcpPair()),
  terminal: () => {
    const [master, writeEnd] = addon.terminalPair();
    // libuv takes a hang-up after a short read for the end, although the terminal may still hold bytes.
    const reader = spawn('cat', { stdio: [master, 'pipe', 'ignore'] });
    closeSync(master);
    return { readEnd: reader.stdout!, writeEnd, leave: () => reader.kill('SIGKILL') };
  },
};
