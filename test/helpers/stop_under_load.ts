import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

import { Cli, cli } from './cli.js';
import { piecesIn } from './pieces.js';
import { Posters } from './posters.js';
import { childrenOf, killLeft, workersOf } from './processes.js';
import { checkOrder, maxSenders, Sender } from './sender.js';
import { openTarget, type TargetKind } from './target.js';
import { until } from './until.js';
import { buffer } from './within.js';

/** Who gets the signal, which one, and whether a client sends on until it is cut off. */
export const scenarios = [
  { receiver: 'host', signal: 'SIGTERM', endless: false },
  { receiver: 'group', signal: 'SIGTERM', endless: false },
  { receiver: 'group', signal: 'SIGINT', endless: false },
  { receiver: 'supervisor', signal: 'SIGTERM', endless: false },
  { receiver: 'workers first', signal: 'SIGTERM', endless: false },
  { receiver: 'group', signal: 'SIGTERM', endless: true },
] as const;

export interface Setup {
  handler: 'sink' | 'http';
  workers: number;
  output: TargetKind;
  scenario: (typeof scenarios)[number];
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

function stop(pool: Cli, { receiver, signal }: Setup['scenario']): void {
  if (receiver === 'workers first') for (const worker of workersOf(pool.supervisor)) process.kill(worker, signal);
  if (receiver === 'supervisor') process.kill(pool.supervisor, signal);
  else process.kill(receiver === 'host' ? pool.pid : -pool.pid, signal);
}

/**
 * Stops a pool under load once: throws if anything is missing that had been acknowledged before, if a client's bytes are
 * out of order, or if the status is not 0. Returns how much had been acknowledged, in bytes or requests.
 */
export async function stopUnderLoad(setup: Setup): Promise<number> {
  const target = openTarget(setup.output);
  const pool = start(setup, target.writeEnd);
  target.read();
  const pids: number[] = [];
  try {
    const port = await pool.port();
    pids.push(pool.pid, pool.supervisor, ...childrenOf(pool.supervisor));
    const load = setup.handler === 'sink' ? await streams(port, setup) : await requests(port);
    stop(pool, setup.scenario);
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

async function streams(port: number, { scenario }: Setup): Promise<Load> {
  const senders = await Promise.all(Array.from({ length: maxSenders }, (_, index) => Sender.connect(index, port)));
  const [streaming, short] = [senders.slice(0, streamCount), senders.slice(streamCount)];
  const pouring = streaming.map((sender) => sender.pour());
  await until('bytes flow', () => streaming.every(({ handedOver }) => handedOver > 2 ** 20));
  await Promise.all(
    short.map(async (sender) => {
      await sender.write(1 + Math.floor(Math.random() * 250));
      sender.socket.end();
    }),
  );
  const acknowledged = senders.map((sender) => sender.acknowledged);
  return {
    end: async () => {
      const staying = scenario.endless ? streaming.slice(1) : streaming;
      await Promise.all(
        staying.map(async (sender) => {
          await wait(Math.random() * 100);
          sender.ended = true;
        }),
      );
      await Promise.all(pouring);
    },
    check: async (content) => {
      const delivered = await checkOrder(senders, content);
      for (const [index, bytes] of acknowledged.entries()) {
        assert.ok(
          delivered[index]! >= bytes,
          `client ${index}: ${bytes} bytes were acknowledged, ${delivered[index]} delivered`,
        );
      }
      return acknowledged.reduce((sum, bytes) => sum + bytes, 0);
    },
  };
}

async function requests(port: number): Promise<Load> {
  const posters = new Posters(port);
  await posters.awaitAnswers(200);
  return {
    end: async () => {
      await wait(Math.random() * 100);
      await posters.end();
    },
    check: async (content) => {
      const delivered = piecesIn(await buffer(content));
      assert.equal(new Set(delivered).size, delivered.length, 'a body came twice');
      const missing = [...posters.answered].filter((number) => !delivered.includes(number));
      assert.deepEqual(missing, [], 'bodies that were answered with 204 are missing');
      return posters.answered.size;
    },
  };
}
