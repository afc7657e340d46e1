import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));

/**
 * Node resets the modes of its terminals when it exits, and aborts if that fails, as it does for a terminal that has hung
 * up (EIO, see tty_ioctl(4)). It skips one that is closed.
 */
export function closeHungUpTerminals(): void {
  for (const descriptor of terminals) {
    if (!isatty(descriptor)) closeSync(descriptor);
  }
}
