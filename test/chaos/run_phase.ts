import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { loadBinding } from '../../lib/native.js';
import { cli } from '../helpers/cli.js';
import { refusesConnections } from '../helpers/clients.js';
import { freePort } from '../helpers/free_port.js';
import { isLeft, killLeft, descriptorsOf as openedBy, statOf } from '../helpers/processes.js';
import { until } from '../helpers/until.js';
import { within } from '../helpers/within.js';
import type { Phase } from './phases.js';
import { type Arguments, type Checked, send, type Sent, start, verdict } from './programs.js';
import { Random } from './random.js';
import { Sampler } from './samples.js';
import { descriptorsOf, Killer, poolOf, workersOf } from './workers.js';

export interface Outcome {
  phase: Phase;
  kills: number;
  sent: Sent;
  checked: Checked;
  exit: number | string;
  processesLeft: number;
  descriptorsLeft: number;
  /** The end of what the pool has logged. */
  log: string;
}

/** A slow reader takes so many bytes a second; when the clients have ended, it is so far behind what they send. */
const slow = { rate: 15e6, pauseMs: 200, behind: 60e6 };
/** Bytes a second that all clients together send to a file. */
const offeredToFile = 100e6;

/** How long workers are signalled when the clients have ended their streams: one that is mostly stopped takes long to drain. */
const killsInDrainMs = 2000;

/** How long the pool may take to have closed the descriptors of clients that have ended. */
const restMs = 5000;

/** Without what `npm run` adds: the command watches an npm that started it. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));

function loadOf({ clients, output, seconds, seed }: Phase, random: Random): Arguments {
  const offered = output === 'pipe' ? 0 : output === 'slow-pipe' ? slow.rate + slow.behind / seconds : offeredToFile;
  const max = random.pick([256, 4096, 65536, 262144]);
  return { clients, seconds, seed, max, lives: random.pick([1, 2, 5]), rate: Math.ceil(offered / clients) };
}

/** A pool with all that belongs to it, in a folder of its own. */
class Arena {
  readonly folder = mkdtempSync(join(tmpdir(), 'procpool-chaos-'));
  readonly report = join(this.folder, 'report');
  readonly file = join(this.folder, 'out');
  readonly log = join(this.folder, 'log');
  readonly seen = new Set<number>();
  readonly phase: Phase;
  host: ChildProcess | undefined;
  reader: ChildProcess | undefined;
  #verdict: Promise<Checked> | undefined;

  /** This process ends before the phase does. */
  readonly #onExit = (): void => {
    this.host?.kill('SIGKILL');
    killLeft(this.seen);
    rmSync(this.folder, { recursive: true, force: true });
  };

  constructor(phase: Phase) {
    this.phase = phase;
    process.once('exit', this.#onExit);
  }

  /** Returns what chaos_send is to connect to. */
  async startPool(): Promise<Arguments> {
    const { output, workers, unix, poolArgs } = this.phase;
    const path = join(this.folder, 'socket');
    const port = await freePort();
    const address = unix ? ['--path', path] : ['--port', String(port), '--host', '127.0.0.1'];
    const isPipe = output === 'pipe' || output === 'slow-pipe';
    const [readEnd, stdout] = isPipe
      ? loadBinding().binding.pipe()
      : [undefined, openSync(this.file, output === 'append' ? 'a' : 'w')];
    const stderr = openSync(this.log, 'w');
    const options = ['--workers', String(workers), '--log-level', 'warn', '--drain-timeout', '1m', ...poolArgs];
    this.host = spawn(process.execPath, [cli, ...address, ...options], { stdio: ['ignore', stdout, stderr], env });
    closeSync(stdout);
    closeSync(stderr);
    if (readEnd !== undefined) {
      const pace = output === 'slow-pipe' ? { rate: slow.rate, pause: slow.pauseMs } : {};
      this.reader = start('chaos_check', { report: this.report, seed: this.phase.seed, ...pace }, readEnd);
      closeSync(readEnd);
      // From now on: what nobody waits for when it ends is dropped.
      this.#verdict = verdict(this.reader);
      this.#verdict.catch(() => undefined);
    }
    await once(this.host, 'spawn');
    await until('the pool listens', async () => (unix ? existsSync(path) : !(await refusesConnections(port))));
    await until('all workers run', () => workersOf(this.supervisor).length === workers);
    return unix ? { path } : { port };
  }

  get pool(): number[] {
    const pids = this.host?.pid === undefined ? [] : poolOf(this.host.pid);
    for (const pid of pids) this.seen.add(pid);
    return pids;
  }

  get supervisor(): number {
    return this.pool.find((pid) => statOf(pid)?.name === 'procpool-super') ?? 0;
  }

  /** Waits until the pool has as few descriptors as before; returns how many it has more. */
  async surplus(before: number): Promise<number> {
    const end = Date.now() + restMs;
    for (;;) {
      const more = descriptorsOf(this.pool) - before;
      if (more <= 0 || Date.now() > end) return Math.max(0, more);
      await wait(20);
    }
  }

  async stopPool(): Promise<number | string> {
    const { host } = this;
    if (host === undefined) return '';
    const exited: Promise<unknown> =
      host.exitCode === null && host.signalCode === null ? once(host, 'exit') : Promise.resolve();
    host.kill('SIGTERM');
    try {
      await within('the pool ends', exited);
    } catch {
      host.kill('SIGKILL');
      return 'hung';
    }
    return host.exitCode ?? host.signalCode ?? '';
  }

  async check(): Promise<Checked> {
    const { report, phase, file } = this;
    return await (this.#verdict ?? verdict(start('chaos_check', { report, seed: phase.seed, file })));
  }

  /** How many of the pool's processes are left; they are ended. */
  async left(): Promise<number> {
    const left = (): number[] => [...this.seen].filter(isLeft);
    const end = Date.now() + restMs;
    while (left().length > 0 && Date.now() < end) await wait(10);
    const count = left().length;
    killLeft(left());
    return count;
  }

  async end(): Promise<void> {
    this.host?.kill('SIGKILL');
    await this.left();
    this.reader?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true });
    process.off('exit', this.#onExit);
  }
}

/** Runs a phase to its end, whatever comes of it. */
export async function runPhase(phase: Phase, sampler = new Sampler()): Promise<Outcome> {
  const random = new Random(phase.seed);
  const load = loadOf(phase, random);
  const ownDescriptors = openedBy('self').length;
  const arena = new Arena(phase);
  try {
    const target = await arena.startPool();
    const before = descriptorsOf(arena.pool);
    const killer = new Killer(arena.supervisor, phase.signal, phase.killsPerSecond, random);
    sampler.begin(() => arena.pool);
    killer.start();
    const arguments_ = { ...target, ...load, report: arena.report, every: sampler.everyMs };
    const ending = setTimeout(() => void killer.stop(), phase.seconds * 1000 + killsInDrainMs);
    const sent = await send(arguments_, (stall) => {
      sampler.stall(stall);
    });
    clearTimeout(ending);
    await killer.stop();
    const surplus = await arena.surplus(before);
    sampler.end();
    const exit = await arena.stopPool();
    const checked = await arena.check();
    const processesLeft = await arena.left();
    const descriptorsLeft = surplus + Math.max(0, openedBy('self').length - ownDescriptors);
    const log = readFileSync(arena.log, 'utf8').split('\n').slice(-6).join('\n').trimEnd();
    return { phase, kills: killer.kills, sent, checked, exit, processesLeft, descriptorsLeft, log };
  } finally {
    sampler.end();
    await arena.end();
  }
}
