import type { TestContext } from 'node:test';

type CleanUp = () => unknown;

const cleanUps = new WeakMap<TestContext, CleanUp[]>();

/** t.after(), with what was set up last ended first; a failure of one keeps no other from being ended. */
export function after(t: TestContext, cleanUp: CleanUp): void {
  const registered = cleanUps.get(t);
  if (registered !== undefined) {
    registered.push(cleanUp);
    return;
  }
  const pending = [cleanUp];
  cleanUps.set(t, pending);
  t.after(async () => {
    const failures: unknown[] = [];
    for (const cleanUp of pending.reverse()) {
      try {
        await cleanUp();
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw failures[0];
  });
}
