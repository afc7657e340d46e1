import assert from 'node:assert/strict';
import { constants } from 'node:os';

import { flagsOf } from '../helpers/processes.js';
import { addon, type Output, type OutputKind, type OutputWay } from './addon.js';
import { awaitInput, connections, Descriptors, destinations, patternBytes, readReady } from './descriptors.js';

const { EAGAIN } = constants.errno;

export interface Setup {
  from?: keyof typeof connections;
  to: keyof typeof destinations;
  /** What the destination is taken for, if not for what it is. */
  forced?: [kind: OutputKind, way: OutputWay];
  /** The destination, a FIFO, has no reader at first, so that it cannot be opened again. */
  unread?: boolean;
}

/**
 * What a worker does with one connection, and a reader with what comes of it, in turns that the test decides:
 * `using one = new Transfer(setup)`.
 */
export class Transfer implements Disposable {
  readonly own = new Descriptors();
  readonly output: Output;
  readonly client: number;
  readonly connection: number;
  /** The descriptor that the output was given, and where it is read. */
  readonly fd: number;
  readonly reader: number;
  readonly #flags: number;
  readonly #received: Buffer[] = [];
  #sent = 0;
  #staged = 0;
  #delivered = 0;
  #taken = 0;

  constructor({ from = 'TCP', to, forced, unread = false }: Setup) {
    ({ client: this.client, connection: this.connection } = connections[from](this.own));
    const { fd, reader } = destinations[to](this.own);
    this.fd = fd;
    if (unread) this.own.close(reader);
    this.#flags = flagsOf(process.pid, this.fd);
    this.output = forced ? new addon.Output(this.fd, ...forced) : new addon.Output(this.fd);
    this.reader = unread ? this.own.open(`/proc/self/fd/${fd}`, 'r') : reader;
  }

  [Symbol.dispose](): void {
    this.output.close();
    this.own[Symbol.dispose]();
  }

  /** The client sends so many bytes, or as many of them as fit. */
  send(size: number): void {
    this.#sent += Math.max(addon.send(this.client, patternBytes(this.#sent, size)), 0);
  }

  /** The client ends its stream. */
  end(): void {
    this.own.close(this.client);
  }

  /** The reader takes so many bytes, or as many of them as there are. */
  take(most = Infinity): void {
    const bytes = readReady(this.reader, most);
    this.#taken += bytes.length;
    this.#received.push(bytes);
  }

  splice(): number {
    assert.equal(this.output.pending, 0);
    const spliced = this.output.spliceFrom(this.connection);
    this.#staged += Math.max(spliced, 0);
    assert.equal(this.output.pending, Math.max(spliced, 0));
    return spliced;
  }

  /** Reads behind what is staged, as far as there is room. */
  append(): number {
    const { pending, room } = this.output;
    const appended = this.output.appendFrom(this.connection);
    this.#staged += Math.max(appended, 0);
    assert.ok(appended <= room);
    assert.equal(this.output.pending, pending + Math.max(appended, 0));
    return appended;
  }

  flush(): number {
    const { result, delivered } = this.output.flush();
    this.#delivered += delivered;
    assert.equal(this.output.pending, this.#staged - this.#delivered);
    assert.equal(result === 0, this.output.pending === 0);
    return result;
  }

  /** Something is sent and staged. */
  stage(size: number): void {
    this.send(size);
    awaitInput(this.connection);
    assert.ok(this.splice() > 0);
  }

  /** One reading and its delivery, or what is left of the last delivery. Returns what `splice` or `flush` said last. */
  step(): number {
    if (this.output.pending > 0) return this.flush();
    const spliced = this.splice();
    return spliced > 0 ? this.flush() : spliced;
  }

  /** Goes on until the reader is so slow that nothing moves any more. */
  stall(): void {
    for (let before = 0; before === 0 || this.output.pending < before;) {
      this.send(2 ** 20);
      before = this.output.pending;
      this.step();
    }
  }

  /** Goes on until the output and then the reader has got everything; the client has ended. */
  finish(): void {
    for (;;) {
      while (this.output.pending > 0) this.#deliver();
      awaitInput(this.connection);
      const spliced = this.splice();
      if (spliced === 0) break;
      // There is input, so that EAGAIN would be waiting in a circle.
      assert.ok(spliced > 0, `errno ${-spliced}`);
    }
    while (this.#taken < this.#delivered) this.#awaitAndTake();
  }

  assertComplete(): void {
    assert.equal(this.#delivered, this.#sent);
    assert.ok(Buffer.concat(this.#received).equals(patternBytes(0, this.#sent)), 'the reader got other bytes');
  }

  assertFlagsKept(): void {
    assert.equal(flagsOf(process.pid, this.fd), this.#flags);
  }

  #deliver(): void {
    const result = this.flush();
    if (result === 0) return;
    assert.equal(result, -EAGAIN);
    this.#awaitAndTake();
  }

  #awaitAndTake(): void {
    awaitInput(this.reader);
    this.take();
  }
}
