import { createRequire } from 'node:module';
import { join } from 'node:path';

import type { LogEvent } from '../../lib/native.js';

import type { HttpLimits, HttpParser } from './http_addon.js';
import type { LeftMemory, Output, OutputKind, OutputWay, RecordWriters, WriteLocks } from './output_addon.js';

export type * from './http_addon.js';
export type * from './output_addon.js';

/** The pure classes of native/ and a few system calls, as binding.cc shows them. Times are in ms, failures negative errnos. */
export interface Addon {
  Dispatcher: new () => Dispatcher;
  patienceMs: number;
  maxTokens: number;
  maxWorkers: number;
  WorkerTable: new () => WorkerTable;
  StopRequests: new () => StopRequests;
  /** Within so long the supervisor's signal and the host's are one request. */
  sameRequestMs: number;
  Stop: new () => Stop;
  stopPatienceMs: number;
  Recycling: new (slots: number, lifetimeMs: number) => Recycling;
  Reopening: new (slots: number) => Reopening;
  Watchdog: new (slots: number, limitMs: number) => Watchdog;
  backoff: Backoff;
  ConnectionTable: new () => ConnectionTable;
  DrainingConnection: new () => DrainingConnection;
  drain: { silentPauseMs: number; sendingPauseMs: number; limitMs: number };
  Output: new (...setup: [fd: number] | [fd: number, kind: OutputKind, way: OutputWay]) => Output;
  /** `fd`: its output. */
  LeftMemory: new (fd?: number) => LeftMemory;
  Pacer: new (delayNs: number, latency: boolean, totalBytes: number) => Pacer;
  CycleCheck: new () => CycleCheck;
  /** Until it is closed, SIGTERM, SIGALRM and SIGCHLD of this process go there. */
  Signals: new () => Signals;
  /** event_tag.h: the 64 bits that an event carries. */
  packTag(kind: number, index: number, generation: number): bigint;
  unpackTag(data: bigint): { kind: number; index: number; generation: number };
  nextGeneration(generation: number): number;
  maxGeneration: number;
  /** Where the fields of a log record lie, and how many bytes it has. */
  recordLayout: RecordLayout;
  /** In the order of their numbers. */
  logEvents: { name: LogEvent; level: number }[];
  isWellFormed(record: Uint8Array, sender: 'supervisor' | 'worker'): boolean;
  TimerWheel: new (timers: number, now: bigint) => TimerWheel;
  /** The last tick of 64 bits. */
  never: bigint;
  HttpParser: new (limits?: Partial<HttpLimits>) => HttpParser;
  WriteLocks: new (workers: number) => WriteLocks;
  RecordWriters: new (fd: number, workers: number, sharing: 'bytes' | 'records') => RecordWriters;
  httpReply(status: number, seconds: number): string;
  /** Throws if `fd` is none. */
  kindOf(fd: number): OutputKind;
  wayFor(kind: OutputKind): OutputWay;
  /** Both ends block. */
  pipe(): [reader: number, writer: number];
  setPipeSize(fd: number, bytes: number): number;
  /** Of Unix stream sockets; both block. */
  socketPair(): [number, number];
  /** Does not block; urgent data stays in the stream. */
  tcpPair(): [client: number, connection: number];
  /** What is written to the second arrives unchanged at the first. */
  terminalPair(): [master: number, slave: number];
  send(fd: number, bytes: Uint8Array): number;
  /** The last byte is TCP's urgent one. */
  sendUrgent(fd: number, bytes: Uint8Array): number;
  splice(from: number, to: number, size: number): number;
  readableBytes(fd: number): number;
  /** Bytes that were sent on a TCP socket and that its peer has not acknowledged. */
  unacknowledged(fd: number): number;
  /** Waits for input, or the end of it. */
  hasInput(fd: number, timeoutMs: number): boolean;
  receiveBuffer(fd: number): number;
  setReceiveBuffer(fd: number, bytes: number): number;
  /** What setReceiveBuffer() keeps from growing: 2 if the buffer for receiving; negative before Linux 5.14. */
  lockedBuffers(fd: number): number;
  makeReceiveRoom(fd: number): void;
}

export type RecordLayout = Record<
  'size' | 'count' | 'worker' | 'pid' | 'error' | 'value' | 'level' | 'event' | 'family' | 'call',
  number
>;

export interface Dispatcher {
  add(worker: number): void;
  remove(worker: number): void;
  next(now: number): number | undefined;
  reported(worker: number, now: number): void;
  inFlight(now: number): number;
  nextOverdueMs(now: number): number | undefined;
}

export type Phase = 'empty' | 'waiting' | 'starting' | 'ready' | 'retiring';

export interface WorkerEntry {
  phase: Phase;
  pid: number;
  startedMs: number;
  wakeMs: number;
  youngDeaths: number;
  failedStarts: number;
}

export interface RestartPlan {
  replaced: boolean;
  givenUp: boolean;
  delayMs: number;
}

/** Slots, those that are too many. */
export interface Surplus {
  retiring: number[];
  dropped: number[];
}

export interface WorkerTable {
  readonly target: number;
  readonly previousTarget: number | undefined;
  readonly hopeless: boolean;
  readonly shortOfWorkers: boolean;
  resize(target: number, now: number): Surplus;
  fallBack(now: number): Surplus;
  stop(): void;
  recruit(now: number): number | undefined;
  due(now: number): number | undefined;
  nextWakeMs(): number | undefined;
  started(slot: number, pid: number, now: number): void;
  ready(slot: number): void;
  leaving(slot: number, now: number): boolean;
  startFailed(slot: number, now: number): RestartPlan;
  ended(slot: number, now: number): RestartPlan;
  at(slot: number): WorkerEntry;
  slotOf(pid: number): number | undefined;
  count(phase: Phase): number;
  alive(): number[];
}

export interface Recycling {
  began(slot: number, now: number): void;
  ended(slot: number): void;
  begin(order: number, workers: number[]): void;
  next(now: number): number | undefined;
  nextWakeMs(): number | undefined;
  finished(): number | undefined;
}

export interface Watchdog {
  begin(slot: number, now: number): void;
  end(slot: number): void;
  stopped(slot: number, now: number): void;
  continued(slot: number, now: number): void;
  onTime(now: number): void;
  hangs(slot: number, rounds: number, waiting: boolean, holdsUpOthers: boolean, now: number): boolean;
  nextWakeMs(): number | undefined;
}

export interface Reopening {
  begin(order: number, workers: number[]): void;
  next(now: number): number | undefined;
  nextWakeMs(): number | undefined;
  told(slot: number): void;
  postpone(slot: number, until: number): void;
  switched(slot: number): void;
  ended(slot: number): void;
  finished(): number | undefined;
}

export interface Backoff {
  youngMs: number;
  giveUpAfter: number;
  firstDelayMs: number;
  maxDelayMs: number;
  delayMs(deaths: number): number;
}

export interface ConnectionTable {
  readonly count: number;
  /** `port` is the peer's. */
  open(fd: number, port: number): void;
  close(fd: number): void;
  receive(fd: number, bytes: number): void;
  contains(fd: number): boolean;
  /** Of the slot that the connection has. */
  generationOf(fd: number): number;
  /** Whether that connection, and no later one, is open there. */
  containsGeneration(fd: number, generation: number): boolean;
  portOf(fd: number): number;
  receivedBy(fd: number): number;
  /** Every descriptor that is visited. */
  visit(): number[];
  /** The same, each closed by its visitor. */
  closeAll(): number[];
}

/** A connection together with the functions of drain.h. */
export interface DrainingConnection {
  begin(arrived: number, now: number): void;
  /** Counts bytes, of which received() then tells. */
  receive(bytes: number): void;
  beginGrace(now: number): void;
  /** The time on the clients' clock, and the real one. */
  received(clientsMs: number, realMs: number): boolean;
  complete(clientsMs: number, realMs: number): boolean;
  cutOff(now: number): boolean;
  owedOf(waiting: number): number;
}

/** native/supervisor/stop.h. */
export type StopRequest = 'first' | 'further' | 'duplicate';

export interface StopRequests {
  onSignal(nowMs: number): StopRequest;
  onHostSignal(nowMs: number): StopRequest;
}

export interface Stop {
  begin(nowMs: number, drainMs: number): boolean;
  expire(nowMs: number): boolean;
  extend(nowMs: number): void;
  kill(nowMs: number): void;
  isDue(nowMs: number): boolean;
  readonly stage: 'running' | 'draining' | 'expiring' | 'killing';
  readonly endsMs: number | undefined;
}

export interface Pacer {
  /** How long to pause, in ns. */
  round(nowNs: number, totalBytes: number, reads: number): number;
}

/**
 * Checks what arrived from clients that each sent a cycle of four values of their own: nothing lost, nothing twice,
 * nothing out of order within a client.
 */
export interface CycleCheck {
  readonly counts: Float64Array;
  readonly disorder: number;
  readonly total: number;
  add(chunk: Uint8Array): void;
}

/** The process's event_source. */
export interface Signals {
  readonly fd: number;
  /** In this thread: each has arrived when it returns. */
  raise(number: number, times: number): void;
  next(): number;
  /** Makes another in its place, as a forked child does. */
  replace(): void;
  /** Another thread sends SIGTERM each time that the last was handed out, soon after a SIGCHLD; returns how many were. */
  surviveStorm(rounds: number, patienceMs: number): number;
  close(): void;
}

/** A wheel together with its timers, each an index. Ticks are bigints, of 64 bits. */
export interface TimerWheel {
  readonly count: number;
  readonly now: bigint;
  set(timer: number, expires: bigint): void;
  cancel(timer: number): void;
  pending(timer: number): boolean;
  expires(timer: number): bigint;
  next(): bigint | undefined;
  advance(now: bigint, expire: (timer: number) => void): void;
  consistent(): boolean;
  /** All timers are set, renewed, and cancelled or left to expire; returns what went wrong, or ''. */
  churn(seed: number): string;
  /** The timer forgets where it is linked. The last thing done with a wheel in which it is pending. */
  destroy(timer: number): void;
}

/** Built by `node-gyp configure build --directory test/native`. */
export const addon = createRequire(__filename)(join(__dirname, 'build', 'Release', 'procpool_testing.node')) as Addon;
