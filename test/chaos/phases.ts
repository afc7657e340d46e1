import { type Options, type Output, outputs } from './options.js';
import { Random } from './random.js';
import { type Signal, signals } from './workers.js';

/** One pool, its clients and its killer. */
export interface Phase {
  seed: number;
  seconds: number;
  clients: number;
  workers: number;
  output: Output;
  signal: Signal;
  killsPerSecond: number;
  unix: boolean;
  poolArgs: string[];
}

const clients = [8, 200, 2000];
const workers = [1, 2, 4];
const phaseSeconds = 2;

function phase(options: Options, index: number, rest: Pick<Phase, 'clients' | 'workers' | 'output' | 'signal'>): Phase {
  const { killsPerSecond, unix, poolArgs, seed } = options;
  return { seed: seed + index, seconds: options.seconds ?? phaseSeconds, killsPerSecond, unix, poolArgs, ...rest };
}

/** Every output with every signal, and clients and workers in turns: about a minute. */
export function matrix(options: Options): Phase[] {
  const pairs = (options.output === undefined ? outputs : [options.output]).flatMap((output) =>
    (options.signal === undefined ? signals : [options.signal]).map((signal) => ({ output, signal })),
  );
  return pairs.map((pair, index) =>
    phase(options, index, {
      ...pair,
      clients: options.clients ?? clients[index % clients.length]!,
      workers: options.workers ?? workers[(index + Math.floor(index / clients.length)) % workers.length]!,
    }),
  );
}

/** What the options leave open is random. */
export function randomPhase(options: Options, index: number): Phase {
  const random = new Random(options.seed + index);
  const rest = {
    clients: options.clients ?? random.pick(clients),
    workers: options.workers ?? random.pick(workers),
    output: options.output ?? random.pick(outputs),
    signal: options.signal ?? random.pick(signals),
  };
  const seconds = options.seconds ?? random.integer(5, 15);
  return { ...phase(options, index, rest), seconds };
}

/** The command line that runs it again: with the same choices, although not at the same moments. */
export function commandOf(repeated: Phase): string {
  const { seed, seconds, clients, workers, output, signal, killsPerSecond, unix, poolArgs } = repeated;
  const words = [
    ...['--seconds', seconds, '--seed', seed, '--clients', clients, '--workers', workers],
    ...['--output', output, '--signal', signal, '--kills-per-second', killsPerSecond],
    ...(unix ? ['--unix'] : []),
    ...poolArgs.map((arg) => `--pool-arg=${arg}`),
  ];
  return `npm run chaos -- ${words.join(' ')}`;
}
