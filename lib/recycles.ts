import type { NativeRecord, NativeSupervisor } from './native.js';
import { NumberedOrders } from './numbered_orders.js';

/** Calls of `recycle()` that wait. */
export class Recycles {
  readonly #orders = new NumberedOrders();

  async request(supervisor: NativeSupervisor): Promise<void> {
    await this.#orders.request((order) => {
      supervisor.recycle(order);
    });
  }

  onRecord({ event, value }: NativeRecord): void {
    if (event === 'recycled') this.#orders.resolve(value);
  }

  reject(error: Error): void {
    this.#orders.rejectAll(error);
  }
}
