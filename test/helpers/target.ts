import { createReadStream, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ReadStream } from 'node:tty';

import { addon } from '../native/addon.js';
import { realPipe } from './cli.js';
import { within } from './within.js';

export const readByOthers = ['pipe', 'socket', 'terminal'] as const;
export const files = ['file', 'append'] as const;
export const targets = [...readByOthers, ...files] as const;
export type TargetKind = (typeof targets)[number];

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

function readTarget(kind: 'pipe' | 'socket' | 'terminal'): Target {
  const { readEnd, writeEnd } = ends[kind]();
  const pieces: Buffer[] = [];
  const closed = new Promise((resolve) => readEnd.once('close', resolve));
  // EIO is how the end of a terminal looks.
  readEnd.on('error', () => undefined);
  const read = (): void => {
    readEnd.on('data', (chunk: Buffer) => pieces.push(chunk));
  };
  return {
    writeEnd,
    read,
    leave: () => readEnd.destroy(),
    async *content() {
      await within('all writers have closed the output', closed);
      yield* pieces;
    },
    end: () => readEnd.destroy(),
  };
}

const ends: Record<'pipe' | 'socket' | 'terminal', () => { readEnd: Readable; writeEnd: number }> = {
  pipe: realPipe,
  socket: () => {
    const [near, far] = addon.socketPair();
    return { readEnd: new Socket({ fd: near, readable: true, writable: false }), writeEnd: far };
  },
  terminal: () => {
    const [master, slave] = addon.terminalPair();
    return { readEnd: new ReadStream(master), writeEnd: slave };
  },
};
