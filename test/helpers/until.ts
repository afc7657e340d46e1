import { setTimeout as wait } from 'node:timers/promises';

/** Generous: machines are slow and shared, and nothing here asserts a time. In ms. */
export const deadline = 1000 * Number(process.env.PROCPOOL_TEST_DEADLINE ?? 60);

/** What is waited for; a function can tell how far it has come. */
export type Description = string | (() => string);

export function never(description: Description): string {
  return `never came true: ${typeof description === 'string' ? description : description()}`;
}

/** Waits until the condition holds and returns what it returned; fails with `what` at the deadline. */
export async function until<T>(description: Description, condition: () => T | Promise<T>): Promise<NonNullable<T>> {
  const end = Date.now() + deadline;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > end) throw new Error(never(description));
    await wait(5);
  }
}
