import { exitOf, killingSignal, signalText } from './exit_status.js';
import type { LogEntry, TimeoutReason } from './log_entry.js';
import type { Address, LogEvent, NativeRecord } from './native.js';
import { outputFailure } from './output_failure.js';
import type { PoolStats } from './stats.js';

const timeoutReasons: TimeoutReason[] = ['idle', 'first-byte', 'request', 'max-age', 'pace'];

export function addressText(address: Address | string): string {
  if (typeof address === 'string') return address;
  return `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

type Details = Partial<Omit<LogEntry, 'time' | 'level' | 'event' | 'worker' | 'pid'>> & { message: string };

function clientOf(record: NativeRecord): { peer?: string; name: string } {
  return record.peer === '' ? { name: 'a client' } : { peer: record.peer, name: record.peer };
}

function subjectOf(record: NativeRecord): string {
  return record.worker < 0 ? 'supervisor' : `worker ${record.worker}`;
}

function exitDetails(record: NativeRecord): Details {
  const { code } = exitOf(record.value);
  if (code !== null) return { code, message: `${subjectOf(record)} exited with ${code}` };
  const signal = signalText(killingSignal(record.value));
  return { signal, message: `${subjectOf(record)} was killed by ${signal}` };
}

function clientDetails(record: NativeRecord, event: string): Details {
  const { name, ...peer } = clientOf(record);
  return { ...peer, bytes: record.count, message: `${name} ${event} after ${record.count} bytes` };
}

const details: Record<LogEvent, (record: NativeRecord, addressOf: () => Address | string) => Details> = {
  start: (record) => ({ message: `${subjectOf(record)} started` }),
  listening: (_, addressOf) => {
    const address = addressOf();
    return { address, message: `on ${addressText(address)}` };
  },
  size: (record) => ({ message: `${record.count} of ${record.value} workers ready` }),
  signal: (record) => {
    const signal = signalText(record.value);
    return { signal, message: `${subjectOf(record)} got ${signal}` };
  },
  connect: (record) => {
    const { name, ...peer } = clientOf(record);
    return { ...peer, message: `${name} connected` };
  },
  close: (record) => clientDetails(record, 'closed'),
  reset: (record) => ({ ...clientDetails(record, `ended with ${record.error}`), error: record.error }),
  timeout: (record) => {
    const reason = timeoutReasons[record.value];
    if (reason === undefined) return clientDetails(record, 'took too long');
    return { ...clientDetails(record, `took too long (${reason})`), reason };
  },
  request: (record) => {
    const { name, ...peer } = clientOf(record);
    const reason = record.why === '' ? '' : `: ${record.why}`;
    const message = `${name} was answered ${record.value} after ${record.count} bytes${reason}`;
    return { ...peer, status: record.value, bytes: record.count, ...(reason && { reason: record.why }), message };
  },
  torn: (record) => clientDetails(record, 'was cut off with its body partly delivered,'),
  mended: () => ({ message: 'ended a partial body of a worker that died with a newline' }),
  spool: (record) => {
    const { name, ...peer } = clientOf(record);
    return { ...peer, error: record.error, message: `no file for the body of ${name}: ${record.errorText}` };
  },
  refuse: (record) => {
    const { name, ...peer } = clientOf(record);
    return { ...peer, error: record.error, message: `${name} refused: ${record.errorText}` };
  },
  stall: () => ({ message: 'output blocked' }),
  resume: (record) => {
    const milliseconds = record.count / 1e6;
    return { milliseconds, message: `output was blocked for ${milliseconds.toFixed(0)} ms` };
  },
  drain: (record) => ({ milliseconds: record.value, message: `stopping within ${record.value} ms` }),
  drained: (record) => ({ message: `${subjectOf(record)} has delivered everything` }),
  expire: () => ({ message: 'drain timeout reached' }),
  undelivered: (record) => ({ bytes: record.count, message: `${record.count} bytes were not delivered` }),
  unserved: (record) => ({ message: `${record.count} clients in the accept queue were not served` }),
  lost: (record) => ({ message: `${subjectOf(record)} died during the drain: what its clients had sent may be lost` }),
  hang: (record) => ({
    milliseconds: record.value,
    message: `${subjectOf(record)} makes no progress within ${record.value} ms: killed`,
  }),
  kill: (record) => ({ message: `${subjectOf(record)} did not exit in time: killed` }),
  exit: exitDetails,
  respawn: (record) => ({
    milliseconds: record.value,
    message: `${subjectOf(record)} restarts in ${record.value} ms`,
  }),
  takeover: (record) => ({
    bytes: record.value,
    milliseconds: record.duration,
    message: `${subjectOf(record)} goes on: ${record.count.toLocaleString('en')} connections, ${record.value.toLocaleString('en')} bytes, ${record.duration.toFixed(1)} ms`,
  }),
  'no-standby': (record) => ({
    error: record.error,
    message: `no standby for ${subjectOf(record)}: ${record.errorText}; if it dies, its clients are disconnected`,
  }),
  recycled: () => ({ message: 'every worker was replaced' }),
  poison: (record) => clientDetails(record, 'was closed, since two workers crashed at it,'),
  shortage: (record) => ({
    message: `only ${record.count} of ${record.value} workers can be started; still trying`,
  }),
  'resize-failed': (record) => ({
    message: `${record.value} workers cannot be started: staying at ${record.count}`,
  }),
  'give-up': (record) => ({ message: `${subjectOf(record)} failed to start ${record.value} times` }),
  reopened: () => ({ message: 'output reopened: every worker writes to the new file' }),
  'reopen-failed': (record) => ({
    error: record.error,
    message: `output cannot be reopened, the old file stays in use: ${record.errorText}`,
  }),
  output: (record) => ({ error: record.error, message: outputFailure(record) }),
  fail: (record) => {
    const repeated = record.count > 1 ? `, ${record.count} times` : '';
    return { error: record.error, message: `${subjectOf(record)}: ${record.call}: ${record.errorText}${repeated}` };
  },
  done: () => ({ message: 'all processes have exited' }),
};

/** `addressOf` returns where the pool listens. */
export function logEntry(record: NativeRecord, addressOf: () => Address | string): LogEntry {
  return {
    time: new Date(record.time),
    level: record.level as LogEntry['level'],
    event: record.event,
    worker: record.worker < 0 ? null : record.worker,
    pid: record.pid,
    ...details[record.event](record, addressOf),
  };
}

export function statsEntry(stats: PoolStats): LogEntry {
  const { accepted, active, bytesIn, bytesOut, errors, requests, restarts, ...others } = stats.total;
  const { idleTimeouts, firstByteTimeouts, requestTimeouts, maxAgeTimeouts, paceTimeouts } = others;
  const timeouts = idleTimeouts + firstByteTimeouts + requestTimeouts + maxAgeTimeouts + paceTimeouts;
  const message =
    `accepted ${accepted}, active ${active}, bytes in ${bytesIn}, bytes out ${bytesOut}, ` +
    `requests ${requests}, errors ${errors}, timeouts ${timeouts}, restarts ${restarts}`;
  return { time: new Date(), level: 'info', event: 'stats', worker: null, pid: stats.pid ?? 0, stats, message };
}

/** An entry about this process. */
export function warning(message: string): LogEntry {
  return { time: new Date(), level: 'warn', event: 'warning', worker: null, pid: process.pid, message };
}

/** An entry of the command about a signal that it ignores. */
export function ignoredSignal(signal: NodeJS.Signals): LogEntry {
  const message = `ignored ${signal}`;
  return { time: new Date(), level: 'warn', event: 'signal', worker: null, pid: process.pid, signal, message };
}

export const logFormats = ['text', 'json'] as const;
export type LogFormat = (typeof logFormats)[number];

/** One line, without its newline. */
export function formatEntry(entry: LogEntry, format: LogFormat): string {
  if (format === 'json') return JSON.stringify(entry);
  return `${entry.time.toISOString()} ${entry.level.padEnd(5)} ${entry.event} ${entry.message}`;
}
