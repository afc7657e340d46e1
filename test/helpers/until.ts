import { setTimeout as wait } from 'node:timers/promises';

/** Generous: machines are slow and shared, and nothing here asserts a time. */
const deadline = 60_000;

/** Waits until the condition holds and returns what it returned; fails with `what` at the deadline. */
export async function until<T>(what: string, condition: () => T | Promise<T>): Promise<NonNullable<T>> {
  const end = Date.now() + deadline;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > end) throw new Error(`never came true: ${what}`);
    await wait(5);
  }
}
