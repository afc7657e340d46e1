import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));

/**
 * Node sets the modes of its terminals back when it exits, and aborts where that fails, as it does once one has hung up
 * (EIO, see tty_ioctl(4)). One that is closed by then it leaves alone.
 */
export function closeHungUpTerminals(): void {
  for (const descriptor of terminals) {
    if (!isatty(descriptor)) closeSync(descriptor);
  }
}
