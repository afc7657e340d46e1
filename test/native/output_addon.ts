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
