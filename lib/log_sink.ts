import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';

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
  return {
    write: (line) => {
      if (count > 0 && put(`${left(count)}\n`)) count = 0;
      if (count > 0 || !put(`${line}\n`)) count += 1;
    },
  };
}

/** Writes a line whole, or says false and nothing is written. */
function linePut(): (line: string) => boolean {
  const status = fstatSync(stderr);
  if (status.isFile()) return writeTo(stderr);
  if (status.isSocket()) return writeToStream;
  try {
    // A description of our own: the flags of the one we got are shared, with stdout perhaps, and with the shell.
    const own = openSync('/proc/self/fd/2', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    process.once('exit', () => {
      closeSync(own);
    });
    return writeTo(own);
  } catch {
    return writeToStream;
  }
}

function writeTo(descriptor: number): (line: string) => boolean {
  return (line) => {
    try {
      writeSync(descriptor, line);
      return true;
    } catch {
      // Full for now (EAGAIN), or nobody reads it any more: no reason to stop moving bytes.
      return false;
    }
  };
}

function writeToStream(line: string): boolean {
  const stream = process.stderr;
  if (stream.listenerCount('error') === 0) stream.on('error', () => undefined);
  if (stream.writableLength > mostWaiting) return false;
  stream.write(line);
  return true;
}
