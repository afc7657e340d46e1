import { constants } from 'node:os';

import type { NativeSupervisor } from './native.js';
import { checkOption, optionError } from './options.js';

export interface StopOptions {
  /** How long the drain may take, in ms; 0 ends at once. Of several times the earliest counts. @default the pool's `drainTimeout` */
  drainTimeout?: number | undefined;
  /** The signal that this passes on: a second one ends at once, one that reached the whole process group counts once. */
  signal?: NodeJS.Signals | undefined;
}

/** A supervisor that is this late with the end it announced, or with an answer to the order to stop, is killed. In ms. */
const tolerance = 2000;

/** How often the supervisor is looked at during a stop, in ms. */
const interval = 1000;

/** 0 for none. */
function signalNumber(signal: NodeJS.Signals | undefined): number {
  if (signal === undefined) return 0;
  const numbers: Partial<Record<string, number>> = constants.signals;
  const number = numbers[signal];
  if (number === undefined) throw optionError('signal', signal, 'the name of a signal');
  return number;
}

/** Throws `ERR_PROCPOOL_OPTION`. */
export function checkStopOptions({ drainTimeout, signal }: StopOptions): void {
  if (drainTimeout !== undefined) checkOption('drainTimeout', drainTimeout);
  signalNumber(signal);
}

/** Orders a supervisor to stop, and kills it if it hangs. How long the stop may take is the supervisor's decision. */
export class Stop {
  readonly #drainTimeout: number;
  #signals = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When the supervisor must have ended if it does not answer, on the clock of performance. */
  #unansweredDeadline = Infinity;

  /** `drainTimeout`: the pool's. */
  constructor(drainTimeout: number) {
    this.#drainTimeout = drainTimeout;
  }

  order(supervisor: NativeSupervisor, { drainTimeout, signal }: StopOptions): void {
    if (signal !== undefined) this.#signals += 1;
    supervisor.stop(drainTimeout, signalNumber(signal));
    const allowed = drainTimeout ?? (this.#signals > 1 ? 0 : this.#drainTimeout);
    this.#unansweredDeadline = Math.min(this.#unansweredDeadline, performance.now() + allowed);
    this.#watch(supervisor);
  }

  /** The supervisor has ended. */
  finish(): void {
    clearTimeout(this.#timer);
  }

  #watch(supervisor: NativeSupervisor): void {
    clearTimeout(this.#timer);
    const announced = supervisor.stageEndsIn();
    if (announced !== null) this.#unansweredDeadline = Infinity;
    const remaining = (announced ?? this.#unansweredDeadline - performance.now()) + tolerance;
    if (remaining > 0) {
      this.#timer = setTimeout(
        () => {
          this.#watch(supervisor);
        },
        Math.min(remaining, interval),
      );
    } else {
      supervisor.kill();
    }
  }
}
