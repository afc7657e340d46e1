import type { Stall } from './programs.js';
import { descriptorsOf, memoryOf } from './workers.js';

export interface Sample {
  second: number;
  memory: number;
  descriptors: number;
}

/** What the pool takes over time, over all phases. */
export class Sampler {
  readonly samples: Sample[] = [];
  readonly stalls: Stall[] = [];
  readonly #begin = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #phaseBegin = 0;

  constructor(readonly everyMs = 500) {}

  begin(pool: () => number[]): void {
    this.#phaseBegin = this.#second;
    this.#timer = setInterval(() => {
      const pids = pool();
      this.samples.push({ second: this.#second, memory: memoryOf(pids), descriptors: descriptorsOf(pids) });
    }, this.everyMs);
  }

  /** The longest of the interval before that second of the phase. */
  stall({ second, stallMs }: Stall): void {
    this.stalls.push({ second: this.#phaseBegin + second, stallMs });
  }

  end(): void {
    clearInterval(this.#timer);
  }

  get #second(): number {
    return (performance.now() - this.#begin) / 1000;
  }
}
