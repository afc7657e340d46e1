import { constants, fstatSync, openSync, writeSync } from 'node:fs';

/** Where the command's log lines go. */
export interface LogSink {
  write(line: string): void;
}

const stderr = 2;

/** What may wait for the reader of a socket, in bytes. */
const mostWaiting = 2 ** 20;

/**
 * Standard error, for lines that neither delay anything nor pile up: where the reader does not keep up, lines are left
 * out and counted. `left` makes the line that says how many.
 */
export function openLogSink(left: (count: number) => string): LogSink {
  let count = 0;
  const put = linePut();
  process.once('exit', () => {
    if (count > 0) put(`${left(count)}\n`);
  });
  return {
    write: (line) => {
      if (count > 0 && put(`${left(count)}\n`)) count = 0;
      if (count > 0 || !put(`${line}\n`)) count += 1;
    },
  };
}

/** Writes a line, or says false and nothing of it is written nor will be. */
function linePut(): (line: string) => boolean {
  const status = fstatSync(stderr);
  if (status.isFile()) return writeTo(stderr);
  if (status.isSocket()) return writeToStream;
  try {
    // A description of our own: the flags of the one we got are shared, with stdout perhaps, and with the shell.
    const own = openSync('/proc/self/fd/2', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    return writeTo(own);
  } catch {
    return writeToStream;
  }
}

/** A line of which the descriptor took only a part is ended before the next begins. */
function writeTo(descriptor: number): (line: string) => boolean {
  let rest: Uint8Array = Buffer.alloc(0);
  const flush = (): void => {
    try {
      for (let written = 1; rest.length > 0 && written > 0; rest = rest.subarray(written)) {
        written = writeSync(descriptor, rest);
      }
    } catch {
      // Full for now (EAGAIN), or nobody reads it any more: no reason to stop moving bytes.
    }
  };
  process.once('exit', flush);
  return (line) => {
    flush();
    if (rest.length > 0) return false;
    const bytes = Buffer.from(line);
    rest = bytes;
    flush();
    if (rest.length < bytes.length) return true;
    rest = Buffer.alloc(0);
    return false;
  };
}

function writeToStream(line: string): boolean {
  const stream = process.stderr;
  if (stream.listenerCount('error') === 0) stream.on('error', () => undefined);
  if (stream.writableLength > mostWaiting) return false;
  stream.write(line);
  return true;
}
