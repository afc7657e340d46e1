import { addon, type HttpLimits, type HttpRequest } from './addon.js';

/** What our parser made of a connection. A character of a body is a byte. */
export interface Reading {
  requests: { head: HttpRequest; body: string; done: boolean }[];
  /** 0: not refused. */
  status: number;
  /** Of a refusal. */
  why: string;
  /** The last request must be, and bytes behind it have not been looked at. */
  closed: boolean;
  started: boolean;
  /** Not said of what is refused. */
  consumed: number;
}

/** Read in pieces that end there, and up to a request after which the connection closes. */
export function read(bytes: Buffer, cuts: readonly number[] = [], limits?: Partial<HttpLimits>): Reading {
  const parser = new addon.HttpParser(limits);
  const requests: Reading['requests'] = [];
  let closed = false;
  for (const piece of pieces(bytes, cuts)) {
    for (const event of parser.feed(piece)) {
      if (closed) break;
      if (event.step === 'head') requests.push({ head: event.head, body: '', done: false });
      if (event.step === 'body') requests.at(-1)!.body += event.data.toString('latin1');
      if (event.step === 'done') {
        requests.at(-1)!.done = true;
        closed = !requests.at(-1)!.head.keepAlive;
      }
    }
    if (closed) return { requests, status: 0, why: '', closed, started: false, consumed: 0 };
  }
  return {
    requests,
    status: parser.status,
    why: parser.why,
    closed,
    started: parser.started,
    consumed: parser.status === 0 ? parser.consumed : 0,
  };
}

export function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...cuts.filter((cut) => cut <= bytes.length).sort((a, b) => a - b), bytes.length];
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

/** Every split into two pieces, and the one into single bytes. Of a long text those near its ends. */
export function* splits(length: number): Generator<number[]> {
  const near = 200;
  for (let cut = 1; cut < length; cut += 1) if (cut < near || length - cut < near) yield [cut];
  yield Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1);
}
