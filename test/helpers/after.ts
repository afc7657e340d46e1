import type { TestContext } from 'node:test';

type CleanUp = () => unknown;

const cleanUps = new WeakMap<TestContext, CleanUp[]>();

/** t.after(), with what was set up last ended first; a failure of one keeps no other from being ended. */
export function after(t: TestContext, cleanUp: CleanUp): void {
  const known = cleanUps.get(t);
  if (known !== undefined) {
    known.push(cleanUp);
    return;
  }
  const all = [cleanUp];
  cleanUps.set(t, all);
  t.after(async () => {
    const failures: unknown[] = [];
    for (const one of all.reverse()) {
      try {
        await one();
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw failures[0];
  });
}
