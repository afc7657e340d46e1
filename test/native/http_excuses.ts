import type { Reason } from '../fixtures/http/sample.js';

/** A request that was refused, and the status. A character is a byte. */
export interface Refusal {
  text: string;
  status: number;
}

function requestLine({ text }: Refusal): string {
  return /^(?:\r\n)?([^\r\n]*)/.exec(text)![1]!;
}

function wordsOf(refusal: Refusal): string[] {
  return requestLine(refusal).split(/ +/);
}

function linesOf({ text }: Refusal): string[] {
  return text.split(/\r?\n|\r/);
}

function valuesOf(refusal: Refusal, name: string): string[] {
  const lines = linesOf(refusal).filter((line) => line.toLowerCase().startsWith(`${name}:`));
  return lines.map((line) => line.slice(name.length + 1).replace(/^[ \t]+|[ \t]+$/g, ''));
}

const ours = /^(GET|HEAD|POST|PUT|OPTIONS|DELETE|PATCH|TRACE|CONNECT)$/;
const host = /^([\w.~%!$&'()*+,;=-]+|\[[\w.~%!$&'()*+,;=:-]+\])(:\d*)?$/;
const url = /^https?:\/\/([^/?]*)/i;
const extension =
  /^[\da-f]+(;[\w!#$%&'*+.^`|~-]+(=([\w!#$%&'*+.^`|~-]+|"([\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)*$/i;

function isTarget(verb = '', target = ''): boolean {
  if (verb === 'CONNECT') return host.test(target);
  const authority = url.exec(target)?.[1];
  if (authority !== undefined) return host.test(authority);
  return target.startsWith('/') || (verb === 'OPTIONS' && target === '*');
}

function codings(refusal: Refusal): string[] {
  return valuesOf(refusal, 'transfer-encoding');
}

/** Whether a reason can be why this request was refused, told without a parser. */
export const excuses: Record<Reason, (refusal: Refusal) => boolean> = {
  method: (refusal) => !ours.test(wordsOf(refusal)[0]!) && [400, 501].includes(refusal.status),
  version: (refusal) => refusal.status === 505 || (refusal.status === 400 && wordsOf(refusal).length < 3),
  emptyLines: ({ text, status }) => status === 400 && /^(\r\n[\r\n]|\n|\r(?!\n))/.test(text),
  spaces: (refusal) => refusal.status === 400 && / {2}|^ | $/.test(requestLine(refusal)),
  target: (refusal) => refusal.status === 400 && !isTarget(wordsOf(refusal)[0], wordsOf(refusal)[1]),
  fragment: (refusal) => refusal.status === 400 && requestLine(refusal).includes('#'),
  host: (refusal) => {
    const hosts = valuesOf(refusal, 'host');
    return refusal.status === 400 && (hosts.length !== 1 || !host.test(hosts[0]!));
  },
  range: (refusal) =>
    refusal.status === 400 && wordsOf(refusal)[0] === 'PUT' && valuesOf(refusal, 'content-range').length > 0,
  coding: (refusal) =>
    [400, 501].includes(refusal.status) &&
    codings(refusal).length > 0 &&
    codings(refusal).join().toLowerCase() !== 'chunked',
  oldCoding: (refusal) =>
    refusal.status === 400 && wordsOf(refusal).at(-1) === 'HTTP/1.0' && codings(refusal).length > 0,
  expectation: ({ status }) => status === 417,
  limit: ({ status }) => [413, 414, 431].includes(status),
  tab: (refusal) =>
    refusal.status === 400 && linesOf(refusal).some((line) => /^(content-length|transfer-encoding):.*\t/i.test(line)),
  extension: (refusal) =>
    refusal.status === 400 &&
    codings(refusal).length > 0 &&
    linesOf(refusal).some((line) => /^[\da-f]+;/i.test(line) && !extension.test(line)),
  digits: ({ text, status }) => status === 413 && /\n[\da-f]{17}/i.test(text),
  trailer: ({ text, status }) =>
    status === 400 && /\r\n0+(;[^\r\n]*)?\r\n([^\r\n]+\r\n)*(host|content-length|transfer-encoding):/i.test(text),
};

export function excused(refusal: Refusal): Reason | undefined {
  return (Object.keys(excuses) as Reason[]).find((reason) => excuses[reason](refusal));
}
