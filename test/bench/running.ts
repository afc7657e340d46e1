import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { loadBinding } from '../../lib/native.js';
import { refusesConnections } from '../helpers/clients.js';
import { freePort } from '../helpers/free_port.js';
import { until } from '../helpers/until.js';
import { bytesReadBy, cpuOfTree } from './processes.js';
import { built, printed } from './programs.js';
import type { System } from './systems.js';

/** Where a system's stdout goes; `held` is a pipe that the benchmark gives to a reader of its own. */
export type Destination = 'pipe' | 'held' | 'file' | 'append' | 'null';

/** Without what `npm run` adds: the command watches an npm that started it. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));

/** How long a system has to be still to be at rest. */
const restMs = 50;

/** A system in a process of its own, from its readiness to its end. */
export class Running implements AsyncDisposable {
  #startMs = 0;

  private constructor(
    readonly port: number,
    readonly process: ChildProcess,
    readonly pid: number,
    readonly reader: ChildProcess | undefined,
    readonly folder: string,
    readonly file: string | undefined,
    /** Open until the system has ended, so that it is never told that nobody reads. */
    readonly readEnd: number | undefined,
  ) {}

  static async start(system: System, destination: Destination): Promise<Running> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'procpool-bench-'));
    const [program = '', ...args] = system.command(port, folder);
    const file = destination === 'file' || destination === 'append' ? join(folder, 'out') : undefined;
    const piped = destination === 'pipe' || destination === 'held';
    const [readEnd, writeEnd] = piped ? loadBinding().binding.pipe() : [undefined, undefined];
    const stdout = writeEnd ?? openSync(file ?? '/dev/null', destination === 'append' ? 'a' : 'w');
    const child = spawn(program, args, { stdio: ['ignore', stdout, 'ignore'], env });
    closeSync(stdout);
    let reader: ChildProcess | undefined;
    if (readEnd !== undefined && destination === 'pipe') {
      reader = spawn(built('count_stdin'), [`report=${join(folder, 'count')}`], {
        stdio: [readEnd, 'ignore', 'inherit'],
      });
      closeSync(readEnd);
    }
    await once(child, 'spawn');
    const held = destination === 'held' ? readEnd : undefined;
    const running = new Running(port, child, child.pid ?? 0, reader, folder, file, held);
    try {
      await until(`${system.name} listens`, async () => !(await refusesConnections(port)));
      await running.rest();
      return running;
    } catch (error) {
      await running[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Waits until none of it runs, having done all that there was to do; what follows is what it costs. */
  async rest(): Promise<void> {
    await until('a system rests', async () => {
      const before = this.#cpuMs();
      await wait(restMs);
      this.#startMs = this.#cpuMs();
      return this.#startMs - before < restMs / 100;
    });
  }

  /** Processor time since it rested, of all its processes and, where it has one, its reader. */
  get cpuSeconds(): number {
    return (this.#cpuMs() - this.#startMs) / 1e3;
  }

  /** Bytes that have come out of it. */
  get arrived(): number {
    if (this.reader?.pid !== undefined) return bytesReadBy(this.reader.pid);
    return this.file === undefined ? Number.NaN : statSync(this.file).size;
  }

  async arrival(bytes: number): Promise<void> {
    let last = this.arrived;
    if (Number.isNaN(last) || last >= bytes) return;
    // What does not move any more is lost.
    let since = Date.now();
    await until('all has arrived, or is lost', () => {
      const now = this.arrived;
      if (now !== last) [last, since] = [now, Date.now()];
      return now >= bytes || Date.now() - since > 3000;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.process, 'exit');
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill('SIGTERM');
      await exited;
    }
    if (this.readEnd !== undefined) closeSync(this.readEnd);
    if (this.reader?.exitCode === null) await once(this.reader, 'exit');
    rmSync(this.folder, { recursive: true });
  }

  #cpuMs(): number {
    return cpuOfTree(this.pid) + (this.reader?.pid === undefined ? 0 : cpuOfTree(this.reader.pid));
  }
}

/** What a load generator says at its end. */
export interface Load {
  bytes: number;
  units: number;
  seconds: number;
}

export async function load(program: string, args: string[]): Promise<Load> {
  return JSON.parse(await printed(built(program), args)) as Load;
}
