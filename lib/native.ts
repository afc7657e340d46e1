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
  | 'hang'
  | 'kill'
  | 'exit'
  | 'respawn'
  | 'takeover'
  | 'no-standby'
  | 'recycled'
  | 'poison'
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
  /** The worker's number, -1 for the supervisor. */
  worker: number;
  pid: number;
  value: number;
  count: number;
  /** Milliseconds. */
  duration: number;
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
  /** No process is left that could log. */
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
  /** Without `drainTimeout` the supervisor uses the pool's; `signal`: the number of the signal that this passes on, 0 for none. */
  stop(drainTimeout: number | undefined, signal: number): void;
  /** Milliseconds until the current stage of the stop ends, as the supervisor has decided; null: it has not answered yet. */
  stageEndsIn(): number | null;
  resize(workers: number): void;
  /** Has every worker replaced, as the order of that number. */
  recycle(order: number): void;
  /** Sends the descriptor of the new output, as the order of that number. */
  reopen(descriptor: number, order: number): void;
  /** Kills the supervisor. */
  kill(): void;
  /** Kills workers that outlive their supervisor, and no longer waits for their log records. */
  abandon(): void;
}

/** What native/addon exports. */
export interface Binding {
  /** Listens and starts the supervisor. Throws system errors, and leaves nothing behind then. */
  Supervisor: new (options: NativeOptions, callbacks: NativeCallbacks) => NativeSupervisor;
  isWritable(descriptor: number): boolean;
  /** Empty for what is no socket; `datagram` is every other kind that preserves message boundaries. */
  socketKind(descriptor: number): '' | 'stream' | 'datagram' | 'seqpacket';
  /** A new pipe's read end and write end, both close-on-exec. */
  pipe(): [number, number];
  /** Closes an end of a pipe. */
  close(descriptor: number): void;
}

/** Why the addon cannot be loaded on this platform; undefined if it can. */
function unsuitablePlatform(): string | undefined {
  // The addon's use of libuv makes Bun panic and Deno hang.
  if (process.versions.bun !== undefined) return 'runs on Node.js only, not on Bun';
  if ('Deno' in globalThis) return 'runs on Node.js only, not on Deno';
  return process.platform === 'linux' ? undefined : `runs on Linux only, not on ${process.platform}`;
}

/** The package's folder, which has its manifest unless the package is bundled. */
function packageFolder(): string {
  try {
    const folder = join(__dirname, '..');
    const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string };
    if (name === 'procpool-native') return folder;
  } catch {
    // No manifest there, or in an ES module bundle no __dirname.
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
