import { createRequire } from 'node:module';

/** llhttp, as Node embeds it. Not public, but used as Node's own lib/_http_server.js does. */
interface NodeParser {
  [callback: number]: (...details: never[]) => unknown;
  initialize(type: number, resource: object, maxHeaderSize: number, lenientFlags: number): void;
  /** Bytes consumed, or what is wrong with them. */
  execute(bytes: Buffer): number | (Error & { code: string });
}

interface NodeParserClass {
  new (): NodeParser;
  REQUEST: number;
  kOnHeadersComplete: number;
  kOnBody: number;
  kOnMessageComplete: number;
  kLenientNone: number;
}

const { HTTPParser } = createRequire(__filename)('node:_http_common') as { HTTPParser: NodeParserClass };

/** What llhttp made of a connection. A character of a body is a byte. */
export interface Judgement {
  requests: { keepAlive: boolean; body: string; done: boolean }[];
  error?: string;
  /** After the last request it does not read on: the connection is to be closed, or to become something else. */
  closed: boolean;
}

const noLimit = 1 << 24;

// One for all: Node frees none by itself.
const parser = new HTTPParser();

export function judge(pieces: readonly Buffer[]): Judgement {
  const result: Judgement = { requests: [], closed: false };
  parser.initialize(HTTPParser.REQUEST, {}, noLimit, HTTPParser.kLenientNone);
  let upgrade = false as boolean;
  parser[HTTPParser.kOnHeadersComplete] = (...details: never[]) => {
    const [, , , , , , , upgrades, keepAlive] = details as unknown[];
    upgrade = upgrades as boolean;
    result.requests.push({ keepAlive: keepAlive as boolean, body: '', done: false });
  };
  parser[HTTPParser.kOnBody] = (data: Buffer) => {
    result.requests.at(-1)!.body += data.toString('latin1');
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    result.requests.at(-1)!.done = true;
  };
  for (const piece of pieces) {
    if (piece.length === 0) continue;
    const consumed = parser.execute(piece);
    if (typeof consumed !== 'number') {
      if (consumed.code === 'HPE_CLOSED_CONNECTION') return { ...result, closed: true };
      return { ...result, error: consumed.code };
    }
    if (upgrade && result.requests.at(-1)?.done === true) return { ...result, closed: true };
  }
  return result;
}
