import { constants, fstatSync, openSync, writeSync } from 'node:fs';

/** Where the command's log lines go. */
export interface LogSink {
  write(line: string): void;
}

const stderr = 2;

/** How much may wait for the reader of a socket, in bytes. */
const maxWaiting = 2 ** 20;

/**
 * Standard error, without blocking and without a queue that grows: if the reader does not keep up, lines are dropped and
 * counted. `droppedLine` makes the line that says how many.
 */
export function openLogSink(droppedLine: (count: number) => string): LogSink {
  let dropped = 0;
  const write = openLineWriter();
  process.once('exit', () => {
    if (dropped > 0) write(`${droppedLine(dropped)}\n`);
  });
  return {
    write: (line) => {
      if (dropped > 0 && write(`${droppedLine(dropped)}\n`)) dropped = 0;
      if (dropped > 0 || !write(`${line}\n`)) dropped += 1;
    },
  };
}

/** A function that writes a line, or returns false and writes nothing of it, then or later. */
function openLineWriter(): (line: string) => boolean {
  const status = fstatSync(stderr);
  if (status.isFile()) return writeTo(stderr);
  if (status.isSocket()) return writeToStream;
  try {
    // Opened anew: descriptor 2 shares its flags with the shell, and perhaps with stdout.
    const descriptor = openSync('/proc/self/fd/2', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    return writeTo(descriptor);
  } catch {
    return writeToStream;
  }
}

/** If the descriptor takes only a part of a line, the rest is written before the next line. */
function writeTo(descriptor: number): (line: string) => boolean {
  let rest: Uint8Array = Buffer.alloc(0);
  const flush = (): void => {
    try {
      for (let written = 1; rest.length > 0 && written > 0; rest = rest.subarray(written)) {
        written = writeSync(descriptor, rest);
      }
    } catch {
      // Full (EAGAIN), or its reader has gone: the pool goes on.
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
  if (stream.writableLength > maxWaiting) return false;
  stream.write(line);
  return true;
}
