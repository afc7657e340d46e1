import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { TestContext } from 'node:test';

import { addon } from '../native/addon.js';
import { after } from './after.js';
import { type Cli, cli, followCli } from './cli.js';
import { Sender } from './sender.js';
import { openTarget, type Target, type TargetKind } from './target.js';

export const mebibyte = 2 ** 20;

/** What a worker has staged at most. */
export const largestWrite = 2 ** 18;

export interface StartOptions {
  folder?: string;
  wrapper?: string[];
  handler?: 'sink' | 'http';
  path?: string | undefined;
  onDeath?: 'restart' | 'takeover' | undefined;
}

export async function start(
  t: TestContext,
  kind: TargetKind,
  { folder, wrapper = [], handler = 'sink', path, onDeath = 'takeover' }: StartOptions = {},
): Promise<{ pool: Cli; target: Target; port: number }> {
  const target = openTarget(kind, folder);
  after(t, () => {
    target.end();
  });
  const address = path === undefined ? ['--port', '0', '--host', '127.0.0.1'] : ['--path', path];
  const args = [...address, '--workers', '3', '--handler', handler, '--on-death', onDeath];
  const log = ['--log-format', 'json', '--log-level', 'debug'];
  const [file = '', ...rest] = [...wrapper, process.execPath, cli, ...args, ...log];
  const child = spawn(file, rest, { stdio: ['ignore', target.writeEnd, 'pipe'] });
  closeSync(target.writeEnd);
  const pool = followCli(t, child, null);
  await pool.logged('listening');
  return { pool, target, port: path === undefined ? await pool.port() : 0 };
}

export interface Running {
  pool: Cli;
  target: Target;
  port: number;
  senders: Sender[];
}

export async function run(t: TestContext, kind: TargetKind, options: StartOptions = {}): Promise<Running> {
  const { pool, target, port } = await start(t, kind, options);
  const senders = await Promise.all(
    Array.from({ length: 16 }, (_, index) => Sender.connect(index, options.path ?? port)),
  );
  return { pool, target, port, senders };
}

export function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** How much came of each sender, in whatever order. */
export async function count(content: AsyncIterable<Buffer>): Promise<number[]> {
  const check = new addon.CycleCheck();
  for await (const chunk of content) check.add(chunk);
  return [...check.counts];
}

export function undelivered(pool: Cli): number {
  return sum(pool.all('undelivered').map(({ bytes }) => bytes!));
}

export async function endAll(senders: Sender[], pouring: Promise<void>[]): Promise<void> {
  for (const sender of senders) sender.ended = true;
  await Promise.all(pouring);
}
