import {
  type Address,
  type Counters,
  type ErrorCode,
  errorCodes,
  type LogEntry,
  type PoolStats,
  ProcessPool,
  type ProcessPoolOptions,
  ProcpoolError,
  type WorkerExit,
  type WorkerStart,
} from 'procpool-native';

const options: ProcessPoolOptions = {
  port: 0,
  host: '::1',
  workers: 3,
  backlog: 128,
  drainTimeout: 5000,
  output: 'pipe',
  logLevel: 'debug',
  log: (entry: LogEntry) => {
    const told: [Date, string, number | null, string | undefined] = [entry.time, entry.event, entry.worker, entry.peer];
    console.error(told, entry.message);
  },
  signal: new AbortController().signal,
};
const files: ProcessPoolOptions[] = [{ output: 'inherit' }, { output: 1 }, { output: 'capture.bin' }];

const pool = new ProcessPool(options);
pool.on('listening', (address: Address | string) => address);
pool.on('worker:takeover', ({ worker, pid }: WorkerStart) => [worker, pid]);
pool.on('worker:exit', ({ worker, pid, code, signal }: WorkerExit) => [worker, pid, code, signal]);
pool.once('error', (error: Error) => error.message);

const stats: PoolStats = pool.stats();
const total: Counters = stats.total;
const code: ErrorCode = 'ERR_PROCPOOL_OPTION';
const promises: Promise<void>[] = [pool.start(), pool.resize(2), pool.stop({ drainTimeout: 0, signal: 'SIGINT' })];

export function explain(error: unknown): string {
  return error instanceof ProcpoolError ? `${errorCodes[error.code]}: ${error.option}` : String(error);
}
export const kept = [files, total.bytesOut, stats.workers[0]?.pid, code, promises, pool.output?.readableLength];

// @ts-expect-error: a port is a number
new ProcessPool({ port: '10714' });
// @ts-expect-error: no such option
new ProcessPool({ ports: 10714 });
// @ts-expect-error: no such level
new ProcessPool({ logLevel: 'verbose' });
// @ts-expect-error: no such event
pool.on('worker:stop', () => undefined);
// @ts-expect-error: the listener gets an address
pool.on('listening', (port: number) => port);
// @ts-expect-error: there may be no output to read
pool.output.resume();
// @ts-expect-error: no such code
export const wrong: ErrorCode = 'ERR_PROCPOOL_NONE';

// The types of output and address() are those of the options.
const piped = new ProcessPool({
  port: 0,
  output: 'pipe',
  log: ({ message }) => {
    console.error(message);
  },
});
piped.output.resume();
export const numbers: [number, 'IPv4' | 'IPv6'] = [piped.address().port, piped.address().family];
const toFile = new ProcessPool({ path: '/run/pool.sock', output: 'capture.bin' });
export const nothing: null = toFile.output;
export const path: string = toFile.address();
export const byName: null = new ProcessPool({ handler: 'echo' }).output;
export const anyPool: ProcessPool[] = [piped, toFile, new ProcessPool()];
// @ts-expect-error: it may be a Unix socket
export const tcp: Address = pool.address();
// @ts-expect-error: no such option beside known ones
new ProcessPool({ port: 0, prot: 1 });
// @ts-expect-error: a file is not read
export const readable: NonNullable<typeof piped.output> = toFile.output;
