import { randomBytes } from 'node:crypto';

/** Bodies that tell whether they are whole: a mark, a number, a length, and filling of that number. */
export function piece(number: number, size: number): Buffer {
  const head = Buffer.from(`<${number}:${size}>`);
  return Buffer.concat([head, Buffer.alloc(size, String(number % 10))]);
}

/** The numbers of the pieces that lie one behind the other in `bytes`; throws where one is not whole. */
export function piecesIn(bytes: Buffer): number[] {
  const numbers = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf('>', at);
    const [, number = '', size = ''] = /^<(\d+):(\d+)$/.exec(bytes.toString('latin1', at, end)) ?? [];
    if (end < 0 || number === '') throw new Error(`no piece begins at ${at}: ${bytes.toString('latin1', at, at + 40)}`);
    const next = end + 1 + Number(size);
    const filling = Number(number) % 10;
    if (next > bytes.length || bytes.subarray(end + 1, next).some((byte) => byte !== 0x30 + filling)) {
      throw new Error(`piece ${number} at ${at} is not whole`);
    }
    numbers.push(Number(number));
    at = next;
  }
  return numbers;
}

export function randomSize(largest: number): number {
  // Small ones and large ones alike.
  return Math.floor(largest ** (randomBytes(4).readUInt32LE() / 2 ** 32));
}
