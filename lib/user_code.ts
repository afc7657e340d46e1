/** Calls code of the app's. What it throws is the app's uncaught exception, and does not disturb the pool. */
export function callUserCode(call: () => void): void {
  try {
    call();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
