import fc from 'fast-check';

import { head } from '../fixtures/http/sample.js';

/** Requests made from the grammar, and what must be read from them. */
export interface Generated {
  text: string;
  body: string;
  chunked: boolean;
}

function of(characters: string, minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...Array.from(characters)), minLength, maxLength });
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const tokenBytes = `${letters}!#$%&'*+-.^_\`|~`;
const name = of(tokenBytes, 1, 12).map((rest) => `X${rest}`);
const token = of(tokenBytes, 1, 8);
const value = of(`${letters} \t!"(),/:;<=>?@[]{}\x80\xff`, 0, 20);
const pathBytes = `${letters}-._~!$&'()*+,;=:@/%`;
const host = of(`${letters}-.`, 1, 10).map((text) => `${text}:80`);
const origin = fc.tuple(of(pathBytes, 0, 20), of(`${pathBytes}?`, 0, 10)).map(([path, query]) => `/${path}?${query}`);
const target = fc.oneof(
  { weight: 3, arbitrary: origin },
  fc.tuple(fc.constantFrom('http://', 'HTTPS://'), host, origin).map((parts) => parts.join('')),
);
const field = fc
  .tuple(name, fc.constantFrom('', ' ', ' \t'), value)
  .map(([left, white, right]) => `${left}:${white}${right}`);
const fields = fc.array(field, { maxLength: 4 });
const data = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
  maxLength: 30,
});

const quoted = of(`${letters} \t;=,\xff`, 0, 6).map((text) => `"${text}\\""`);
const extension = fc
  .tuple(token, fc.option(fc.oneof(token, quoted), { nil: undefined }))
  .map(([left, right]) => (right === undefined ? `;${left}` : `;${left}=${right}`));
const extensions = fc.array(extension, { maxLength: 2 }).map((parts) => parts.join(''));
const chunk = fc.tuple(
  data.filter((text) => text !== ''),
  extensions,
  fc.constantFrom('', '0', '000'),
);

function chunkText([text, after, zeros]: [string, string, string]): string {
  return `${zeros}${text.length.toString(16)}${after}\r\n${text}\r\n`;
}

const method = fc.constantFrom('GET', 'POST', 'PUT', 'OPTIONS', 'DELETE');
const line = fc.tuple(method, target).map(([verb, where]) => `${verb} ${where} HTTP/1.1`);
const start = fc.record({ line, host, before: fields, after: fields });

const withLength = fc
  .record({ start, body: data })
  .map(({ start: { line: first, host: name, before, after }, body }): Generated => ({
    text: head(first, ...before, `Host: ${name}`, `Content-Length: ${body.length}`, ...after) + body,
    body,
    chunked: false,
  }));

const withChunks = fc
  .record({ start, chunks: fc.array(chunk, { maxLength: 3 }), last: extensions, trailer: fields })
  .map(({ start: { line: first, host: name, before, after }, chunks, last, trailer }): Generated => {
    const text = head(first, ...before, 'Transfer-Encoding: chunked', ...after, `Host: ${name}`);
    return {
      text: `${text}${chunks.map(chunkText).join('')}0${last}\r\n${head(...trailer)}`,
      body: chunks.map(([part]) => part).join(''),
      chunked: true,
    };
  });

export const generated = fc.oneof(withLength, withChunks);

const piece = fc.oneof(
  fc.constantFrom('\r\n', '\r', '\n', ' ', '\t', '\0', ':', ';', ',', '"', '=', '0', '1', 'f', '\x7f', '\xff', '#'),
  fc.constantFrom(
    'chunked',
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Host: b\r\n',
    '\r\n ',
    'HTTP/1.0',
  ),
);

interface Edit {
  at: number;
  removed: number;
  inserted: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.integer({ min: 0, max: 3 }),
  inserted: fc.oneof(piece, fc.constant('')),
});

function apply(text: string, { at, removed, inserted }: Edit): string {
  const index = Math.floor(at * text.length);
  return text.slice(0, index) + inserted + text.slice(index + removed);
}

/** Requests with a few bytes added, left out or replaced. */
export const mutated = fc
  .tuple(generated, fc.array(edit, { minLength: 1, maxLength: 3 }))
  .map(([{ text }, edits]) => edits.reduce(apply, text));
