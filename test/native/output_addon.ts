export type OutputKind = 'pipe' | 'socket' | 'file' | 'append-file' | 'terminal' | 'null-device' | 'other';
export type OutputWay = 'splice' | 'copy';

export interface Output {
  readonly fd: number;
  readonly pending: number;
  readonly room: number;
  appendFrom(connection: number): number;
  spliceFrom(connection: number): number;
  flush(): { result: number; delivered: number };
  /** Closes its stage; the last thing done with it. */
  close(): void;
}

/** The locks of several workers on one output. */
export interface WriteLocks {
  /** Whether somebody who waits has been woken. */
  readonly wakes: boolean;
  tryLock(worker: number): boolean;
  unlock(worker: number): void;
  clearWakeup(worker: number): void;
  contended(worker: number): boolean;
  /** The worker is killed, and another comes in its place. */
  die(worker: number): void;
}

/** Several workers that write to one output. */
export interface RecordWriters {
  add(worker: number, data: Uint8Array): void;
  open(worker: number): void;
  end(worker: number): void;
  flush(worker: number): number;
  takesRecords(worker: number): boolean;
  pending(worker: number): number;
  delivered(worker: number): number;
  blockedNs(worker: number): number;
  counted(worker: number): number;
  waitsForLock(worker: number): boolean;
  /** The worker is killed where it is. */
  die(worker: number): void;
  hurry(worker: number): void;
  broken(worker: number): boolean;
  /** It waits for room, as the log says. */
  stalled(worker: number): boolean;
  /** Torn records of others that it has ended since it was asked last. */
  mended(worker: number): number;
  takeBack(worker: number, endOffset: number): void;
  committed(worker: number): number;
  close(): void;
}

/** Of intent.h. */
export type IntentCall =
  | 'none'
  | 'receive'
  | 'fill-pipe'
  | 'drain-pipe'
  | 'send'
  | 'write-file'
  | 'write'
  | 'advance'
  | 'accept'
  | 'watch'
  | 'close';

export type Count = 'begin' | 'end' | 'piped' | 'staged' | 'received' | 'in' | 'out' | 'closed';
/** A count that a call changes, and in which direction. */
export type Change = `${'+' | '-'}${Count}`;

/** What a worker's memory knows of its output and the call that is under way: intent.h, output_memory.h. */
export interface LeftMemory {
  readonly underWay: IntentCall;
  readonly pending: number;
  readonly pipeIn: number;
  readonly pipeOut: number;
  begin(call: IntentCall, before: number, max: number, changes: Change[]): void;
  /** What end() does if it is interrupted after so many stores. */
  store(moved: number, stores: number): void;
  end(moved: number): void;
  moved(answer: number): number;
  /** As the kernel does in recvmmsg(2). */
  noteLength(length: number): void;
  /** The calls, without what follows them. */
  receive(socket: number, size: number): number;
  send(size: number): number;
  /** Of the output. */
  offset(): number;
  repair(): void;
  set(count: Count, value: number): void;
  get(count: Count): number;
  /** Closes its private pipe. */
  close(): void;
}
