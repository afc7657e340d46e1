import { once as onceOf, type EventEmitter } from 'node:events';

import { deadline, never, type Description } from './until.js';

/** Waits for the promise; fails with `what` at the deadline, as until() does for a condition. */
export function within<T>(description: Description, promise: Promise<T>): Promise<T> {
  // Made here, so that its stack shows who waits.
  const late = new Error();
  return handled(async () => {
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        late.message = never(description);
        reject(late);
      }, deadline).unref();
    });
    try {
      return await Promise.race([promise, expired]);
    } finally {
      clearTimeout(timer);
    }
  });
}

/** events.once() with a deadline. */
export function once(emitter: EventEmitter, event: string): Promise<unknown[]> {
  return within(`event "${event}" of a ${emitter.constructor.name}`, onceOf(emitter, event));
}

/** What comes from a stream, each piece with a deadline of its own. */
export async function* piecesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  const pieces = stream[Symbol.asyncIterator]();
  for (let got = 0; ;) {
    const next = await within(`more of a stream, or its end, after ${got} bytes`, pieces.next());
    if (next.done === true) return;
    got += next.value.length;
    yield next.value;
  }
}

/** All that comes from a stream. */
export function buffer(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  return handled(async () => {
    const pieces = [];
    for await (const piece of piecesOf(stream)) pieces.push(piece);
    return Buffer.concat(pieces);
  });
}

export function text(stream: AsyncIterable<Buffer>): Promise<string> {
  return handled(async () => (await buffer(stream)).toString());
}

/** A test that has failed before it comes to wait for this says why by itself. */
function handled<T>(make: () => Promise<T>): Promise<T> {
  const made = make();
  made.catch(() => undefined);
  return made;
}
