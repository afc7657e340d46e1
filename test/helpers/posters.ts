import { Agent } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

import { send } from './http.js';
import { piece } from './pieces.js';
import { until } from './until.js';

const posterCount = 16;

/** Clients that POST bodies one after another, and know which were answered with 204. */
export class Posters {
  readonly answered = new Set<number>();
  readonly #agent = new Agent({ keepAlive: true });
  readonly #clients: Promise<void>[];
  #next = 0;
  #ended = false;

  constructor(port: number) {
    this.#clients = Array.from({ length: posterCount }, async () => {
      while (!this.#ended) await this.#post(port);
    });
  }

  async #post(port: number): Promise<void> {
    const number = this.#next++;
    // Refused, or the connection is at its end: not delivered, or not known to be.
    const status = await send(port, bodyOf(number), this.#agent).catch(() => 0);
    if (status === 204) this.answered.add(number);
    else if (status === 0) await wait(1);
  }

  async awaitAnswers(count: number): Promise<void> {
    const wanted = this.answered.size + count;
    await until('requests are answered', () => this.answered.size >= wanted);
  }

  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#clients);
    this.#agent.destroy();
  }
}

export function bodyOf(number: number): Buffer {
  return piece(number, number % 3000);
}
