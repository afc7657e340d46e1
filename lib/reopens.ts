import { closeSync } from 'node:fs';

import { type Deferred, deferred } from './deferred.js';
import { ProcpoolError } from './errors.js';
import type { NativeRecord, NativeSupervisor } from './native.js';
import { reopenFile } from './output.js';

/** Calls of `reopen()` that wait, by the number of their order. */
export class Reopens {
  readonly #waiting = new Map<number, Deferred>();
  #lastOrder = 0;

  async request(supervisor: NativeSupervisor, file: string): Promise<void> {
    const descriptor = reopenFile(file);
    const reopened = deferred();
    const order = ++this.#lastOrder;
    try {
      supervisor.reopen(descriptor, order);
      this.#waiting.set(order, reopened);
    } finally {
      closeSync(descriptor);
    }
    await reopened.promise;
  }

  onRecord({ event, value, errorText }: NativeRecord): void {
    if (event === 'reopened') {
      // The orders before it are overtaken.
      for (const order of [...this.#waiting.keys()].filter((number) => number <= value)) this.#take(order)?.resolve();
    } else if (event === 'reopen-failed') {
      this.#take(value)?.reject(new ProcpoolError('ERR_PROCPOOL_SUPERVISOR', `reopen() failed: ${errorText}`));
    }
  }

  reject(error: Error): void {
    for (const order of [...this.#waiting.keys()]) this.#take(order)?.reject(error);
  }

  #take(order: number): Deferred | undefined {
    const reopened = this.#waiting.get(order);
    this.#waiting.delete(order);
    return reopened;
  }
}
