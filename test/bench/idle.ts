import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

import { until } from '../helpers/until.js';
import type { Contender, Figure, Sample, Workload } from './comparing.js';
import { cost, costs } from './costs.js';
import { descriptorsOfTree, privateMemoryOfTree } from './processes.js';
import { built } from './programs.js';
import { load, Running } from './running.js';
import { against, nodeCluster, nodeNet, sink, spliceLoop, type System } from './systems.js';

const number = (value: number): string => value.toLocaleString('en');

/** Descriptors that a process may have. */
function descriptorLimit(): number {
  const hard = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
  return Number(hard ?? Infinity);
}

/** As many as a system can hold: a twentieth of its descriptors is for other things, and for uneven shares. */
function fitting(connections: number, holders = 1): number {
  return Math.min(connections, holders * Math.floor(0.95 * descriptorLimit()));
}

function shortage(wanted: number, held: number): Pick<Sample, 'note'> {
  if (held === wanted) return {};
  return { note: `${number(held)} connections only: a process may have ${number(descriptorLimit())} descriptors` };
}

/** Clients that connect and say nothing. */
class IdleClients implements AsyncDisposable {
  readonly #before: number;
  readonly #process: ChildProcess;

  constructor(
    readonly running: Running,
    readonly count: number,
  ) {
    this.#before = descriptorsOfTree(running.pid);
    const each = Math.min(15_000, fitting(15_000, 1));
    const args = [`port=${running.port}`, `connections=${count}`, `each=${each}`];
    this.#process = spawn(built('load_idle'), args, { stdio: ['pipe', 'pipe', 'inherit'] });
  }

  /** Once the system has all of them, and is at rest. */
  async accepted(): Promise<void> {
    await Promise.race([once(this.#process.stdout!, 'data'), once(this.#process, 'exit')]);
    if (this.#process.exitCode !== null) throw new Error('load_idle failed');
    await until('all are accepted', () => descriptorsOfTree(this.running.pid) >= this.#before + this.count);
    await this.running.rest();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.stdin?.end();
    await exited;
  }
}

const spaces: Figure[] = [
  { name: 'memory', unit: 'bytes per connection', better: 'lower' },
  { name: 'descriptors', unit: 'per connection', better: 'lower' },
];

async function hold(system: System, connections: number): Promise<Sample> {
  await using running = await Running.start(system, 'pipe');
  const held = fitting(connections, system.holders);
  const memory = privateMemoryOfTree(running.pid);
  const descriptors = descriptorsOfTree(running.pid);
  await using clients = new IdleClients(running, held);
  await clients.accepted();
  return {
    figures: {
      memory: Math.max(privateMemoryOfTree(running.pid) - memory, 0) / held,
      descriptors: (descriptorsOfTree(running.pid) - descriptors) / held,
    },
    lost: 0,
    ...shortage(connections, held),
  };
}

/** W4: what idle connections take, as many of them as ours can hold here. */
export function idle(wanted: number): Workload {
  const connections = fitting(wanted, sink.holders);
  return {
    id: `W4-${connections}`,
    title: `${number(connections)} idle connections`,
    figures: spaces,
    contenders: against([sink, spliceLoop, nodeNet, nodeCluster], (system) => hold(system, connections)),
  };
}

async function send(messages: number, connections: number): Promise<Sample> {
  await using running = await Running.start(sink, 'pipe');
  const held = fitting(connections, sink.holders);
  await using clients = new IdleClients(running, held);
  await clients.accepted();
  const { seconds } = await load('load_messages', [
    `port=${running.port}`,
    ...['connections=8', 'size=200', `messages=${messages}`],
  ]);
  await running.arrival(200 * messages);
  return {
    figures: cost('message', messages, running.cpuSeconds, seconds),
    lost: 200 * messages - running.arrived,
    ...shortage(connections, held),
  };
}

/** W4: what idle connections make others cost, against none. */
export function besideIdle(messages: number, wanted: number): Workload {
  const connections = fitting(wanted, sink.holders);
  const contender = (name: string, kind: Contender['kind'], idleCount: number): Contender => ({
    name,
    kind,
    measure: () => send(messages, idleCount),
  });
  return {
    id: 'W4-beside',
    title: `messages of 200 bytes on 8 connections beside ${number(connections)} idle ones`,
    figures: costs('message'),
    contenders: [contender(sink.name, 'ours', connections), contender('none idle', 'baseline', 0)],
    repeats: 2,
  };
}
