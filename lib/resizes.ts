import { type Deferred, deferred } from './deferred.js';
import type { Failure } from './failure.js';
import type { NativeRecord } from './native.js';

/** Calls of `resize()` that wait, and the number of workers that was ordered last. */
export class Resizes {
  #size: number;
  #waiting: Deferred[] = [];
  #scheduled = false;
  readonly #order: (size: number) => void;

  /** `order` is called once for all calls that come at once. */
  constructor(size: number, order: (size: number) => void) {
    this.#size = size;
    this.#order = order;
  }

  request(size: number): Promise<void> {
    const resized = deferred();
    this.#waiting.push(resized);
    this.#size = size;
    if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#order(this.#size);
      });
    }
    return resized.promise;
  }

  onRecord({ event, value, count }: NativeRecord, failure: Failure): void {
    // Of another size: a later call has overtaken it.
    if (value !== this.#size) return;
    if (event === 'size' && count === value) {
      for (const { resolve } of this.#waiting.splice(0)) resolve();
    } else if (event === 'resize-failed') {
      this.#size = count;
      this.reject(failure.resizeError(value, count));
    }
  }

  reject(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
