import { type Deferred, deferred } from './deferred.js';

/** Orders to the supervisor that wait for its answer, by their numbers. */
export class NumberedOrders {
  readonly #waiting = new Map<number, Deferred>();
  #last = 0;

  /** Sends an order; resolves when it, or a later one, has been carried out. */
  async request(send: (order: number) => void): Promise<void> {
    const carriedOut = deferred();
    const order = ++this.#last;
    send(order);
    this.#waiting.set(order, carriedOut);
    await carriedOut.promise;
  }

  /** This order has been carried out; those before it are overtaken. */
  resolve(last: number): void {
    for (const order of [...this.#waiting.keys()].filter((number) => number <= last)) this.#take(order)?.resolve();
  }

  reject(order: number, error: Error): void {
    this.#take(order)?.reject(error);
  }

  rejectAll(error: Error): void {
    for (const order of [...this.#waiting.keys()]) this.reject(order, error);
  }

  #take(order: number): Deferred | undefined {
    const waiting = this.#waiting.get(order);
    this.#waiting.delete(order);
    return waiting;
  }
}
