import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createInterface } from 'node:readline';

/** What chaos_send prints: see native/chaos_send.cc. */
export interface Sent {
  clients: number;
  bytes: number;
  connects: number;
  resets: number;
  errors: number;
  /** Clients that the pool did not close in time. */
  unclosed: number;
  stallP50Ms: number;
  stallP99Ms: number;
  stallMaxMs: number;
  seconds: number;
}

/** Bytes that are not where they belong: `from` is the offset in the client's stream, `at` the one in the output. */
export interface Defect {
  kind: 'lost' | 'doubled' | 'reordered' | 'unsent' | 'unexplained';
  client: number;
  from: number;
  bytes: number;
  at: number;
}

/** What chaos_check prints. */
export interface Checked {
  bytes: number;
  clients: number;
  complete: number;
  shortPieces: number;
  defects: number;
  first: Defect[];
}

export type Arguments = Record<string, string | number>;

/** Runs a program of native/. A descriptor for its stdin is the caller's to close. */
export function start(program: string, args: Arguments, stdin: number | 'pipe' | 'ignore' = 'ignore'): ChildProcess {
  const words = Object.entries(args).map(([name, value]) => `${name}=${value}`);
  return spawn(join(__dirname, 'build', 'Release', program), words, { stdio: [stdin, 'pipe', 'pipe'] });
}

/** What it prints when it ends, with a line on stderr for each of its failures. */
async function printed<T>(child: ChildProcess, complaint: Promise<string>): Promise<T> {
  const closed = once(child, 'close');
  const [output] = await Promise.all([text(child.stdout!), closed]);
  if (output === '') throw new Error(`${child.spawnfile} failed: ${(await complaint).trim()}`);
  return JSON.parse(output) as T;
}

export interface Stall {
  second: number;
  stallMs: number;
}

/** Clients that send: reports in between to `onStall`, with `every`. */
export async function send(args: Arguments, onStall: (stall: Stall) => void = () => undefined): Promise<Sent> {
  const child = start('chaos_send', args);
  const complaints: string[] = [];
  const lines = createInterface({ input: child.stderr! }).on('line', (line) => {
    if (line.startsWith('{')) onStall(JSON.parse(line) as Stall);
    else complaints.push(line);
  });
  const ended = once(lines, 'close').then(() => complaints.join('\n'));
  return await printed<Sent>(child, ended);
}

/** The verdict of a chaos_check that has been started. */
export async function verdict(child: ChildProcess): Promise<Checked> {
  return await printed<Checked>(child, text(child.stderr!));
}
