import { type Agent, request } from 'node:http';
import type { Socket } from 'node:net';

import type { Counters, PoolStats } from '../../lib/stats.js';
import { client } from './clients.js';
import { deadline, until } from './until.js';
import { once, within } from './within.js';

export interface Answer {
  status: number;
  fields: Record<string, string>;
  body: string;
}

/** Sends what it is told byte by byte as it is, and reads the answers one after another. */
export class RawClient {
  readonly #closed: Promise<void>;
  #read = '';

  constructor(readonly socket: Socket) {
    this.#closed = new Promise((resolve) =>
      socket.on('close', () => {
        resolve();
      }),
    );
    socket.setNoDelay(true);
    socket.on('error', () => undefined).on('data', (chunk: Buffer) => (this.#read += chunk.toString('latin1')));
  }

  static async connect(to: number | string): Promise<RawClient> {
    return new RawClient(await client(to));
  }

  write(text: string | Buffer): void {
    this.socket.write(text);
  }

  /** The next answer; to a HEAD request one without a body. */
  async answer({ head = false } = {}): Promise<Answer> {
    return await until(
      () => `an answer; there is ${JSON.stringify(this.#read.slice(0, 1000))}`,
      () => this.#take(head),
    );
  }

  get closed(): Promise<void> {
    return within('the connection is closed', this.#closed);
  }

  /** What has come and is no answer that was asked for. */
  get rest(): string {
    return this.#read;
  }

  #take(head: boolean): Answer | undefined {
    const end = this.#read.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const [line = '', ...lines] = this.#read.slice(0, end).split('\r\n');
    const fields = Object.fromEntries(
      lines.map((field) => {
        const colon = field.indexOf(': ');
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 2)];
      }),
    );
    const after = end + 4 + (head ? 0 : Number(fields['content-length'] ?? 0));
    if (this.#read.length < after) return undefined;
    const body = this.#read.slice(end + 4, after);
    this.#read = this.#read.slice(after);
    return { status: Number(line.split(' ')[1]), fields, body };
  }
}

/** A request with its body, the length given. */
export function post(body: string, fields = ''): string {
  return `POST / HTTP/1.1\r\nHost: x\r\n${fields}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

export function get(path: string, fields = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`;
}

/** Clients that send all of a body of a 2 ** 20 but its last byte. */
export async function hold(port: number, count: number): Promise<RawClient[]> {
  const size = 2 ** 20;
  const part = Buffer.alloc(size - 1, 'x');
  const holding = await Promise.all(Array.from({ length: count }, () => RawClient.connect(port)));
  for (const client of holding) {
    client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
    client.write(part);
  }
  return holding;
}

/** By Node's own client: the status. */
export async function send(port: number, body: string | Buffer, agent?: Agent): Promise<number> {
  const sent = request({ port, host: '127.0.0.1', method: 'POST', path: '/', ...(agent && { agent }) });
  const answered = once(sent, 'response');
  sent.end(body);
  const [answer] = (await answered) as [import('node:http').IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return answer.statusCode ?? 0;
}

/** The global one, with a deadline for the answer and its body. */
export function fetch(url: string, options: RequestInit = {}): Promise<Response> {
  const answer = globalThis.fetch(url, { signal: AbortSignal.timeout(deadline), ...options });
  return within(`an answer from ${url}`, answer);
}

/** As the pool itself shows them. */
export async function counters(port: number): Promise<Counters> {
  const stats = await fetch(`http://127.0.0.1:${port}/stats`);
  return ((await stats.json()) as PoolStats).total;
}
