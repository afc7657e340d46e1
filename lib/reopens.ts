import { closeSync } from 'node:fs';

import { ProcpoolError } from './errors.js';
import type { NativeRecord, NativeSupervisor } from './native.js';
import { NumberedOrders } from './numbered_orders.js';
import { reopenFile } from './output.js';

/** Calls of `reopen()` that wait. */
export class Reopens {
  readonly #orders = new NumberedOrders();

  async request(supervisor: NativeSupervisor, file: string): Promise<void> {
    const descriptor = reopenFile(file);
    await this.#orders.request((order) => {
      try {
        supervisor.reopen(descriptor, order);
      } finally {
        closeSync(descriptor);
      }
    });
  }

  onRecord({ event, value, errorText }: NativeRecord): void {
    if (event === 'reopened') this.#orders.resolve(value);
    if (event !== 'reopen-failed') return;
    this.#orders.reject(value, new ProcpoolError('ERR_PROCPOOL_SUPERVISOR', `reopen() failed: ${errorText}`));
  }

  reject(error: Error): void {
    this.#orders.rejectAll(error);
  }
}
