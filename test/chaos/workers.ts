import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

import { allProcesses, descendantsOf, statOf } from '../helpers/processes.js';
import type { Random } from './random.js';

export const signals = ['KILL', 'SEGV', 'STOP', 'mixed'] as const;
export type Signal = (typeof signals)[number];

const longestStopMs = 2000;

/** The workers that serve clients: none that has ended, and no standby. */
export function workersOf(supervisor: number): number[] {
  return allProcesses()
    .filter(({ parent, name, state }) => parent === supervisor && /^procpool-w\d+$/.test(name) && !/[ZX]/.test(state))
    .map(({ pid }) => pid);
}

function isWorker(pid: number): boolean {
  return statOf(pid)?.name.startsWith('procpool-') ?? false;
}

/** True if it was still there. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return isWorker(pid) && process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Signals workers at random, from start() to stop(). */
export class Killer {
  kills = 0;
  readonly #supervisor: number;
  readonly #signal: Signal;
  readonly #perSecond: number;
  readonly #random: Random;
  readonly #ending = new AbortController();
  /** Stopped ones, and the timer that lets each go on. */
  readonly #stopped = new Map<number, NodeJS.Timeout>();
  #loop: Promise<void> = Promise.resolve();

  constructor(supervisor: number, signal: Signal, perSecond: number, random: Random) {
    this.#supervisor = supervisor;
    this.#signal = signal;
    this.#perSecond = perSecond;
    this.#random = random;
  }

  start(): void {
    if (this.#perSecond > 0) this.#loop = this.#run();
  }

  /** Returns when none is stopped any more. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#loop;
    for (const pid of this.#stopped.keys()) this.#goOn(pid);
  }

  async #run(): Promise<void> {
    const { signal: ending } = this.#ending;
    for (;;) {
      const pauseMs = (this.#random.next() * 2000) / this.#perSecond;
      await wait(pauseMs, undefined, { signal: ending }).catch(() => undefined);
      if (ending.aborted) return;
      this.#hit();
    }
  }

  #hit(): void {
    const workers = workersOf(this.#supervisor).filter((pid) => !this.#stopped.has(pid));
    if (workers.length === 0) return;
    const pid = this.#random.pick(workers);
    const name = this.#signal === 'mixed' ? this.#random.pick(['KILL', 'SEGV', 'STOP'] as const) : this.#signal;
    if (!signal(pid, `SIG${name}`)) return;
    this.kills += 1;
    if (name !== 'STOP') return;
    const timer = setTimeout(() => {
      this.#goOn(pid);
    }, this.#random.next() * longestStopMs);
    this.#stopped.set(pid, timer);
  }

  #goOn(pid: number): void {
    clearTimeout(this.#stopped.get(pid));
    this.#stopped.delete(pid);
    signal(pid, 'SIGCONT');
  }
}

/** All processes of the pool but the host: supervisor, workers and standbys. */
export function poolOf(host: number): number[] {
  return descendantsOf(host).filter(isWorker);
}

function ofProcess(read: () => number): number {
  try {
    return read();
  } catch {
    return 0; // it has ended
  }
}

/** Memory of the processes in bytes, with what they share divided among those that do. */
export function memoryOf(pids: number[]): number {
  const pss = (pid: number): number =>
    Number(/^Pss:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? 0) * 1024;
  return pids.reduce((sum, pid) => sum + ofProcess(() => pss(pid)), 0);
}

/** Open descriptors of the processes. A standby has those of its worker, and does not count. */
export function descriptorsOf(pids: number[]): number {
  return pids
    .filter((pid) => !/^procpool-s\d+$/.test(statOf(pid)?.name ?? ''))
    .reduce((sum, pid) => sum + ofProcess(() => readdirSync(`/proc/${pid}/fd`).length), 0);
}
