import assert from 'node:assert/strict';
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';

import { loadBinding } from '../../lib/native.js';
import { after } from './after.js';
import { listenersOn } from './ports.js';
import { descendantsOf, isLeft, killLeft, type Stat, statOf, workersOf } from './processes.js';
import { until } from './until.js';
import { within } from './within.js';

export const root = join(__dirname, '..', '..');
export const cli = join(root, 'dist', 'cli.js');
/** What `require('procpool-native')` loads. */
export const library = join(root, 'dist', 'index.js');

export interface Entry {
  time: string;
  event: string;
  level: string;
  worker: number | null;
  pid: number;
  message: string;
  peer?: string;
  error?: string;
  reason?: string;
  bytes?: number;
  code?: number;
  signal?: string;
  milliseconds?: number;
  address?: { port: number; address: string; family: string } | string;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const supervisorName = 'procpool-super';

/** A child of the supervisor that does not bear its own name yet. */
function isUnnamed({ name, parent }: Stat): boolean {
  return name === supervisorName && statOf(parent)?.name === supervisorName;
}

/** The command as a user runs it: a process of its own, with what it logs. */
export class Cli {
  readonly entries: Entry[] = [];
  /** Lines of stderr that are no log entries. */
  readonly complaints: string[] = [];
  readonly #exited: Promise<Exit>;
  readonly #pids = new Set<number>();
  readonly #listeners = new Set<string>();
  readonly #last = new Map<string, number>();
  readonly #stdout: Readable | null;

  constructor(
    readonly child: ChildProcess,
    stdout = child.stdout,
  ) {
    this.#stdout = stdout;
    createInterface({ input: child.stderr! }).on('line', (line) => {
      if (line.startsWith('{')) this.entries.push(JSON.parse(line) as Entry);
      else this.complaints.push(line);
    });
    const logEnds = once(child.stderr!, 'close');
    this.#exited = once(child, 'exit').then(async ([code, signal]: unknown[]) => {
      await logEnds;
      return { code, signal } as Exit;
    });
  }

  /** Its end, and that of its log. */
  get exited(): Promise<Exit> {
    return within(() => `the command has ended; ${this.#said}`, this.#exited);
  }

  get pid(): number {
    assert.ok(this.child.pid !== undefined);
    return this.child.pid;
  }

  get stdout(): Readable {
    assert.ok(this.#stdout);
    return this.#stdout;
  }

  all(event: string): Entry[] {
    return this.entries.filter((entry) => entry.event === event);
  }

  /** Waits for an entry of that event. */
  async logged(event: string, matches: (entry: Entry) => boolean = () => true): Promise<Entry> {
    return await until(
      () => `log entry ${event}; ${this.#said}`,
      () => this.entries.find((entry) => entry.event === event && matches(entry)),
    );
  }

  async port(): Promise<number> {
    const { address } = await this.logged('listening');
    assert.ok(typeof address === 'object');
    this.note();
    assert.ok(this.#listeners.size > 0);
    return address.port;
  }

  /** The supervisor, and the workers by number: the last that were there to be seen, or 0. */
  get supervisor(): number {
    return this.#named(supervisorName);
  }

  worker(number: number): number {
    return this.#named(`procpool-w${number}`);
  }

  /** All workers that run, also those that are to end; standbys are none. */
  get workers(): number[] {
    return workersOf(this.supervisor);
  }

  #named(name: string): number {
    this.note();
    const running = [...this.#pids]
      .map(statOf)
      .filter((stat) => stat?.name === name && stat.state !== 'Z' && !isUnnamed(stat));
    const pid = running.at(-1)?.pid ?? this.#last.get(name) ?? 0;
    this.#last.set(name, pid);
    return pid;
  }

  /** Remembers which processes and listeners there are, to see them gone in the end. */
  note(): void {
    for (const pid of descendantsOf(this.pid)) this.#pids.add(pid);
    for (const { pid } of this.all('start')) this.#pids.add(pid);
    if (this.#listeners.size > 0) return;
    for (const listener of this.#open) this.#listeners.add(listener);
  }

  /** What listens on its port now. */
  get #open(): string[] {
    const address = this.all('listening')[0]?.address;
    return typeof address === 'object' ? listenersOn(address.port) : [];
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    this.note();
    this.child.kill(signal);
    return await this.exited;
  }

  /** Fails unless it ends with status 0. */
  async stopInOrder(signal?: NodeJS.Signals): Promise<void> {
    assert.deepEqual(await this.stop(signal), { code: 0, signal: null });
  }

  get #said(): string {
    return `it logged ${JSON.stringify(this.entries)} ${this.complaints.join('\n')}`;
  }

  /** Fails if a process or the port is left. */
  async assertGone(): Promise<void> {
    this.note();
    await this.exited;
    const left = (): number[] => [...this.#pids].filter(isLeft);
    await until(
      () => `no process left; there are ${left().join(' ')}`,
      () => left().length === 0,
    );
    await until('port closed', () => !this.#open.some((listener) => this.#listeners.has(listener)));
  }

  /** After the test: as assertGone(), and whatever the test has come to. */
  async end(): Promise<void> {
    this.#stdout?.destroy();
    this.note();
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    try {
      await this.assertGone();
    } finally {
      killLeft(this.#pids);
    }
  }
}

export interface CliSetup {
  stdout?: 'pipe' | number;
  env?: NodeJS.ProcessEnv;
  /** In a process group of its own, as a shell starts a command. */
  detached?: boolean;
}

/** A pipe as a shell makes it: what Node calls one in `stdio` is a socket. */
export function realPipe(): { readEnd: Socket; writeEnd: number } {
  const [readEnd, writeEnd] = loadBinding().binding.pipe();
  return { readEnd: new Socket({ fd: readEnd, readable: true, writable: false }), writeEnd };
}

/** A command that the test has spawned its own way; after the test it is ended, and nothing of it may be left. */
export function followCli(t: TestContext, child: ChildProcess, stdout?: Readable | null): Cli {
  const pool = new Cli(child, stdout);
  after(t, () => pool.end());
  return pool;
}

/** Runs the command with JSON logs, as followCli() has it. */
export function runCli(
  t: TestContext,
  args: string[],
  { stdout = 'pipe', env = process.env, detached = false }: CliSetup = {},
): Cli {
  const pipe = stdout === 'pipe' ? realPipe() : undefined;
  const stdio: StdioOptions = ['ignore', pipe?.writeEnd ?? stdout, 'pipe'];
  const child = spawn(process.execPath, [cli, '--log-format', 'json', ...args], { stdio, env, detached });
  if (pipe !== undefined) closeSync(pipe.writeEnd);
  return followCli(t, child, pipe?.readEnd ?? null);
}

/** A pool of the command, ready, and its TCP port: 0 where it listens on a Unix socket. */
export type ReadyCli = Cli & { tcp: number };

/** A pool on a free port, ready; with `path`, on that Unix socket. */
export async function startCli(
  t: TestContext,
  args: string[] = [],
  { path, ...setup }: CliSetup & { path?: string } = {},
): Promise<ReadyCli> {
  const address = path === undefined ? ['--port', '0', '--host', '127.0.0.1'] : ['--path', path];
  const pool = runCli(t, [...address, ...args], setup);
  await pool.logged('listening');
  return Object.assign(pool, { tcp: path === undefined ? await pool.port() : 0 });
}

/** As startCli(), with a drain that takes as long as it likes, in a process group of its own. */
export async function startInGroup(t: TestContext, args: string[] = [], setup: CliSetup = {}): Promise<ReadyCli> {
  return await startCli(t, ['--drain-timeout', '10m', ...args], { detached: true, ...setup });
}

interface LoggedWorker {
  worker: number;
  stalledMs: number;
  bytesOut: number;
}

/** A worker that has written to stdout and waits for room there, by the counters that SIGUSR1 has the command log. */
export async function blockedWorker(pool: Cli): Promise<LoggedWorker> {
  return await until('a worker is blocked', () => {
    pool.child.kill('SIGUSR1');
    const last = pool.all('stats').at(-1) as { stats?: { workers: LoggedWorker[] } } | undefined;
    return last?.stats?.workers.find(({ stalledMs, bytesOut }) => stalledMs > 0 && bytesOut > 0);
  });
}
