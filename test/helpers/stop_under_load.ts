import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { addon } from '../native/addon.js';
import { Cli, cli, realPipe } from './cli.js';
import { client } from './clients.js';
import { send } from './http.js';
import { piece, piecesIn } from './pieces.js';
import { childrenOf, killLeft } from './processes.js';
import { until } from './until.js';

export const outputs = ['pipe', 'file', 'append', 'socket'] as const;
export type Output = (typeof outputs)[number];

/** Who gets the signal, which one, and whether a client sends on until it is cut off. */
export const ways = [
  { to: 'host', signal: 'SIGTERM', endless: false },
  { to: 'group', signal: 'SIGTERM', endless: false },
  { to: 'group', signal: 'SIGINT', endless: false },
  { to: 'supervisor', signal: 'SIGTERM', endless: false },
  { to: 'workers first', signal: 'SIGTERM', endless: false },
  { to: 'group', signal: 'SIGTERM', endless: true },
] as const;

export interface Setup {
  handler: 'sink' | 'http';
  workers: number;
  output: Output;
  way: (typeof ways)[number];
}

interface Target {
  descriptor: number;
  /** What was written, when the pool has ended. */
  content(): AsyncIterable<Buffer>;
  end(): void;
}

function openTarget(output: Output): Target {
  if (output === 'pipe' || output === 'socket') {
    const { readEnd, writeEnd } = output === 'pipe' ? realPipe() : realSocketPair();
    const pieces: Buffer[] = [];
    readEnd.on('data', (chunk: Buffer) => pieces.push(chunk));
    const ended = new Promise((resolve) => readEnd.once('close', resolve));
    return {
      descriptor: writeEnd,
      async *content() {
        await ended;
        yield* pieces;
      },
      end: () => readEnd.destroy(),
    };
  }
  const folder = mkdtempSync(join(tmpdir(), 'procpool-'));
  const path = join(folder, 'out');
  return {
    descriptor: openSync(path, output === 'file' ? 'w' : 'a'),
    content: () => createReadStream(path),
    end: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

function realSocketPair(): { readEnd: Socket; writeEnd: number } {
  const [near, far] = addon.socketPair();
  return { readEnd: new Socket({ fd: near, readable: true, writable: false }), writeEnd: far };
}

function start({ handler, workers }: Setup, descriptor: number): Cli {
  const args = ['--port', '0', '--host', '127.0.0.1', '--workers', String(workers), '--handler', handler];
  const child = spawn(process.execPath, [cli, '--log-format', 'json', '--drain-timeout', '10m', ...args], {
    stdio: ['ignore', descriptor, 'pipe'],
    detached: true,
  });
  closeSync(descriptor);
  return new Cli(child, null);
}

function stop(pool: Cli, { to, signal }: Setup['way']): void {
  if (to === 'workers first') for (const worker of childrenOf(pool.supervisor)) process.kill(worker, signal);
  if (to === 'supervisor') process.kill(pool.supervisor, signal);
  else process.kill(to === 'host' ? pool.pid : -pool.pid, signal);
}

/**
 * Stops a pool under load once: throws if anything is missing that had been acknowledged before, if a client's bytes are
 * out of order, or if the status is not 0. Returns how much had been acknowledged, in bytes or requests.
 */
export async function stopUnderLoad(setup: Setup): Promise<number> {
  const target = openTarget(setup.output);
  const pool = start(setup, target.descriptor);
  const pids: number[] = [];
  try {
    const port = await pool.port();
    pids.push(pool.pid, pool.supervisor, ...childrenOf(pool.supervisor));
    const load = setup.handler === 'sink' ? await streams(port, setup) : await requests(port);
    stop(pool, setup.way);
    await load.end();
    const exit = await pool.exited;
    const acknowledged = await load.check(target.content());
    assert.deepEqual(exit, { code: 0, signal: null }, JSON.stringify(pool.entries));
    return acknowledged;
  } finally {
    killLeft(pids);
    target.end();
  }
}

interface Load {
  /** The clients come to their end, each in its own time. */
  end(): Promise<void>;
  check(content: AsyncIterable<Buffer>): Promise<number>;
}

const streamCount = 16;
const shortCount = 48;

/** A TCP client that repeats four values of its own, and knows how much of that the pool's machine has acknowledged. */
class Sender {
  handedOver = 0;
  ended = false;
  #cutOff = false;

  constructor(
    readonly index: number,
    readonly socket: Socket,
  ) {
    socket.on('error', () => undefined).on('close', () => (this.#cutOff = true));
    socket.resume();
  }

  get acknowledged(): number {
    // It may also be closed at its end, with all of it read.
    const { fd } = (this.socket as unknown as { _handle: { fd: number } | null })._handle ?? { fd: -1 };
    return fd < 0 ? this.handedOver : Math.max(0, this.handedOver - Math.max(0, addon.unacknowledged(fd)));
  }

  async write(cycles: number): Promise<void> {
    const first = this.index * 4;
    const block = Buffer.alloc(cycles * 4, Buffer.from([first, first + 1, first + 2, first + 3]));
    await new Promise<void>((resolve) => {
      this.socket.once('close', resolve);
      this.socket.write(block, (error) => {
        this.#cutOff ||= Boolean(error);
        this.socket.off('close', resolve);
        resolve();
      });
    });
    if (!this.#cutOff) this.handedOver += block.length;
  }

  async pour(): Promise<void> {
    while (!this.ended && !this.#cutOff) await this.write(4096);
    this.socket.end();
  }
}

async function streams(port: number, { way }: Setup): Promise<Load> {
  const senders = await Promise.all(
    Array.from({ length: streamCount }, async (_, index) => new Sender(index, await client(port))),
  );
  const pouring = senders.map((sender) => sender.pour());
  await until('bytes flow', () => senders.every(({ handedOver }) => handedOver > 2 ** 17));
  const short = await Promise.all(
    Array.from({ length: shortCount }, async (_, index) => {
      const sender = new Sender(streamCount + index, await client(port));
      await sender.write(1 + Math.floor(Math.random() * 250));
      sender.socket.end();
      return sender;
    }),
  );
  const all = [...senders, ...short];
  const owed = all.map((sender) => sender.acknowledged);
  return {
    end: async () => {
      const staying = way.endless ? senders.slice(1) : senders;
      await Promise.all(
        staying.map(async (sender) => {
          await wait(Math.random() * 100);
          sender.ended = true;
        }),
      );
      await Promise.all(pouring);
    },
    check: async (content) => {
      const check = new addon.CycleCheck();
      for await (const chunk of content) check.add(chunk);
      assert.equal(check.disorder, 0, 'bytes of a client are out of order');
      for (const { index } of all) {
        const [came, due] = [check.counts[index]!, owed[index]!];
        assert.ok(came >= due, `client ${index}: ${due} bytes were acknowledged, ${came} came`);
      }
      return owed.reduce((sum, bytes) => sum + bytes, 0);
    },
  };
}

/** Clients that send bodies one after another, and know which were answered with 204. */
async function requests(port: number): Promise<Load> {
  const answered = new Set<number>();
  const agent = new Agent({ keepAlive: true });
  let next = 0;
  let ended = false;
  const clients = Array.from({ length: streamCount }, async () => {
    while (!ended) {
      const number = next++;
      // Refused, or the connection is at its end: not delivered, or not known to be.
      const status = await send(port, piece(number, number % 3000), agent).catch(() => 0);
      if (status === 204) answered.add(number);
      else if (status === 0) await wait(1);
    }
  });
  await until('requests are answered', () => answered.size > 200);
  return {
    end: async () => {
      await wait(Math.random() * 100);
      ended = true;
      await Promise.all(clients);
      agent.destroy();
    },
    check: async (content) => {
      const pieces: Buffer[] = [];
      for await (const chunk of content) pieces.push(chunk);
      const came = piecesIn(Buffer.concat(pieces));
      assert.equal(new Set(came).size, came.length, 'a body came twice');
      const missing = [...answered].filter((number) => !came.includes(number));
      assert.deepEqual(missing, [], 'bodies that were answered with 204 are missing');
      return answered.size;
    },
  };
}
