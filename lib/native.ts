import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import load from 'node-gyp-build';

import { ProcpoolError } from './errors.js';
import type { LogLevel } from './log_level.js';
import type { StatsPage } from './stats.js';

/** The names of native/ipc/log_record.h. */
export type LogEvent =
  | 'start'
  | 'listening'
  | 'size'
  | 'signal'
  | 'connect'
  | 'close'
  | 'reset'
  | 'timeout'
  | 'request'
  | 'torn'
  | 'mended'
  | 'spool'
  | 'refuse'
  | 'stall'
  | 'resume'
  | 'drain'
  | 'drained'
  | 'expire'
  | 'undelivered'
  | 'unserved'
  | 'lost'
  | 'kill'
  | 'exit'
  | 'respawn'
  | 'shortage'
  | 'resize-failed'
  | 'give-up'
  | 'reopened'
  | 'reopen-failed'
  | 'output'
  | 'fail'
  | 'done';

/** A log record as a process of the pool wrote it. */
export interface NativeRecord {
  /** Milliseconds since 1970. */
  time: number;
  level: LogLevel;
  event: LogEvent;
  /** Slot of the worker it is about, -1 for the supervisor. */
  worker: number;
  pid: number;
  value: number;
  count: number;
  peer: string;
  /** An errno's name and text, or empty. */
  error: string;
  errorText: string;
  /** The system call that failed, or empty. */
  call: string;
  /** Why a request was refused, or empty. */
  why: string;
}

/** What the addon needs: the options that it gets (option_table.ts), and: */
export interface NativeOptions extends Record<string, string | number> {
  /** Numeric address; empty: all of them. */
  host: string;
  /** A descriptor, which stays the caller's. */
  output: number;
  /** The supervisor's file. */
  executable: string;
}

export interface NativeCallbacks {
  records(records: NativeRecord[]): void;
  /** The supervisor has ended, and is reaped. */
  ended(code: number | null, signal: number | null): void;
  /** No worker is left that could log anything. */
  quiet(): void;
}

export interface Address {
  address: string;
  family: 'IPv4' | 'IPv6';
  port: number;
}

export interface NativeSupervisor {
  pid(): number;
  address(): Address | string;
  stats(): StatsPage;
  /** Without a time the supervisor uses the pool's own. */
  stop(drainTimeout: number | undefined, signal: number): void;
  /** Milliseconds until the present stage of the stop ends, as the supervisor has decided; null: it has not answered yet. */
  stageEndsIn(): number | null;
  resize(workers: number): void;
  /** Sends a descriptor of where stdout leads from now on, as the order of that number. */
  reopen(descriptor: number, order: number): void;
  /** Kills a supervisor that does not end. */
  kill(): void;
  /** Kills workers that do not end though their supervisor has, and waits for their last words no longer. */
  abandon(): void;
}

/** The whole of native/addon. */
export interface Binding {
  /** Listens and starts the supervisor. Throws system errors, and leaves nothing behind then. */
  Supervisor: new (options: NativeOptions, callbacks: NativeCallbacks) => NativeSupervisor;
  isWritable(descriptor: number): boolean;
  /** Empty for what is no socket; `datagram` is any other that keeps messages apart. */
  socketKind(descriptor: number): '' | 'stream' | 'datagram' | 'seqpacket';
  /** A new pipe's read end and write end, both close-on-exec. */
  pipe(): [number, number];
  /** Closes an end of a pipe that nobody else has taken over. */
  close(descriptor: number): void;
}

/** Why the addon cannot be loaded here; undefined if it can. */
function unsuitablePlatform(): string | undefined {
  // Bun ends in a panic over what the addon asks of libuv, Deno waits for ever.
  if (process.versions.bun !== undefined) return 'runs on Node.js only, not on Bun';
  if ('Deno' in globalThis) return 'runs on Node.js only, not on Deno';
  return process.platform === 'linux' ? undefined : `runs on Linux only, not on ${process.platform}`;
}

/** The package's folder holds its manifest, as long as its files are where npm put them. */
function packageFolder(): string {
  try {
    const folder = join(__dirname, '..');
    const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string };
    if (name === 'procpool-native') return folder;
  } catch {
    // No manifest there, or no __dirname, in a bundle of the other module kind.
  }
  throw new ProcpoolError(
    'ERR_PROCPOOL_BINDING',
    'the native addon cannot be found from within a bundle: mark procpool-native external (esbuild: --external:procpool-native; webpack: externals)',
  );
}

/** Loads the addon, prebuilt or built here; `executable` is the supervisor beside it. */
export function loadBinding(): { binding: Binding; executable: string } {
  const reason = unsuitablePlatform();
  if (reason !== undefined) throw new ProcpoolError('ERR_PROCPOOL_PLATFORM', `procpool-native ${reason}`);
  const root = packageFolder();
  try {
    return { binding: load(root) as Binding, executable: join(dirname(load.path(root)), 'procpool-supervisor') };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new ProcpoolError('ERR_PROCPOOL_BINDING', `the native addon cannot be loaded: ${reason}`, { cause });
  }
}
