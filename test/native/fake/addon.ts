import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The classes of native/ that make system calls, with a kernel that the test scripts: kernel.h. */
export interface FakedAddon {
  kernel: Kernel;
  Control: new () => Control;
  /** Times in ms; 0 disables. */
  Deadlines: new (idle: number, firstByte: number, maxAge: number) => Deadlines;
  WorkerChannels: new () => WorkerChannels;
  /** The control channel's descriptor, and how many records wait for it at most. */
  hostFd: number;
  maxWaiting: number;
  /** Where a record has its count. */
  recordCountOffset: number;
  orderSize: number;
}

export interface Kernel {
  /** Forgets what it was told and what was called. */
  reset(): void;
  /** The next calls of that name are answered so, one after the other. */
  script(call: string, results: number[]): void;
  /** All others, until it is taken back. */
  always(call: string, result: number): void;
  forget(call: string): void;
  /** To be received there; `descriptor` comes along, if it is not -1. */
  deliver(fd: number, data: Uint8Array, descriptor: number): void;
  /** Time passes. */
  pass(ns: number): void;
  /** All calls since the last time. */
  takeCalls(): Call[];
}

/** Its arguments without pointers and sizes, and the data that was to be sent. */
export interface Call {
  name: string;
  arguments: number[];
  data: Buffer;
  result: number;
}

export interface Control {
  watch(): void;
  /** A record with that count. */
  write(count: number): void;
  flush(): void;
  deliverAll(): void;
  next(): { kind: number; value: number; signal: number } | undefined;
  /** -1: none. */
  takeDescriptor(): number;
  readonly gone: boolean;
  readonly dropped: number;
}

export type TimeoutReason = 'idle' | 'firstByte' | 'request' | 'maxAge' | 'pace';

/** The deadlines of eight clients, which are known by number. Times in ms. */
export interface Deadlines {
  begin(client: number): void;
  renew(client: number): void;
  expect(client: number, reason: TimeoutReason, within: number): void;
  expectRequest(client: number, within: number): void;
  expectNothing(client: number): void;
  suspend(client: number): void;
  putOff(client: number, reason: TimeoutReason, by: number): void;
  again(client: number): void;
  cancel(client: number): void;
  /** Who is due, and why. */
  turn(): { client: number; reason: TimeoutReason }[];
  arm(): void;
  stopClock(): void;
  startClock(): void;
}

export interface WorkerChannels {
  open(slot: number, fd: number): void;
  close(slot: number): void;
  isOpen(slot: number): boolean;
  /** Whether an event with this tag, of which these are the two halves, is of the channel that is open. */
  isCurrent(high: number, low: number): boolean;
  /** Whether the order has arrived. */
  orderAccept(slot: number, count: number): boolean;
  orderReopen(slot: number, output: number): number;
}

/** Built by `node-gyp configure build --directory test/native`. */
export const faked = createRequire(__filename)(
  join(__dirname, '..', 'build', 'Release', 'procpool_faked.node'),
) as FakedAddon;
