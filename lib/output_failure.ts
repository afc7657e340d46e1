import { readFileSync } from 'node:fs';

import type { NativeRecord } from './native.js';

/** RLIMIT_FSIZE in bytes, which the pool's processes inherit; undefined if there is none. */
export function fileSizeLimit(): number | undefined {
  try {
    const [, soft = ''] = /^Max file size +(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return /^\d+$/.test(soft) ? Number(soft) : undefined;
  } catch {
    return undefined;
  }
}

/** Why the output takes no more bytes. */
export function outputFailure({ error, errorText }: NativeRecord): string {
  if (error === 'EPIPE') return 'the reader of the output has gone (EPIPE)';
  if (error !== 'EFBIG') return `${errorText} (${error})`;
  const limit = fileSizeLimit();
  return limit === undefined
    ? 'the output is as large as its file system lets a file be (EFBIG)'
    : `the output is as large as RLIMIT_FSIZE (ulimit -f) lets a file be, ${limit} bytes (EFBIG)`;
}
