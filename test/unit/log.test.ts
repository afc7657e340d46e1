import assert from 'node:assert/strict';
import { test } from 'node:test';

import { exitOf } from '../../lib/exit_status.js';
import { formatEntry, logEntry } from '../../lib/log.js';
import { isLogged } from '../../lib/log_level.js';
import type { NativeRecord } from '../../lib/native.js';

const record: NativeRecord = {
  time: 0,
  level: 'debug',
  event: 'close',
  worker: 2,
  pid: 77,
  value: 0,
  duration: 0,
  count: 5,
  peer: '[::1]:9',
  error: '',
  errorText: '',
  call: '',
  why: '',
};

test('a level includes those before it', () => {
  assert.ok(isLogged('error', 'info'));
  assert.ok(isLogged('info', 'info'));
  assert.ok(!isLogged('debug', 'info'));
  assert.ok(!isLogged('error', 'silent'));
});

test('a wait status is an exit status or a signal', () => {
  assert.deepEqual(exitOf(3 << 8), { code: 3, signal: null });
  assert.deepEqual(exitOf(9), { code: null, signal: 'SIGKILL' });
  assert.deepEqual(exitOf(11 | 0x80), { code: null, signal: 'SIGSEGV' });
});

test('an entry in text is one line: time, level, event, message', () => {
  const entry = logEntry(record, () => '/socket');
  assert.equal(formatEntry(entry, 'text'), '1970-01-01T00:00:00.000Z debug close [::1]:9 closed after 5 bytes');
});

test('an entry in JSON has a field for each detail', () => {
  assert.deepEqual(
    JSON.parse(
      formatEntry(
        logEntry(record, () => '/socket'),
        'json',
      ),
    ),
    {
      time: '1970-01-01T00:00:00.000Z',
      level: 'debug',
      event: 'close',
      worker: 2,
      pid: 77,
      peer: '[::1]:9',
      bytes: 5,
      message: '[::1]:9 closed after 5 bytes',
    },
  );
});

test('listening ends with address and port', () => {
  const listening = { ...record, event: 'listening', level: 'info', worker: -1 } as const;
  const address = { address: '::', family: 'IPv6', port: 10714 } as const;
  assert.match(
    formatEntry(
      logEntry(listening, () => address),
      'text',
    ),
    / listening on \[::\]:10714$/,
  );
});

test('a signal or a timeout without a name is logged by its number, or without it', () => {
  const messageOf = (fields: Partial<NativeRecord>): string =>
    logEntry({ ...record, ...fields }, () => '/socket').message;
  assert.equal(messageOf({ event: 'exit', value: 37 }), 'worker 2 was killed by signal 37');
  assert.equal(messageOf({ event: 'signal', value: 40 }), 'worker 2 got signal 40');
  assert.equal(messageOf({ event: 'timeout', value: 9 }), '[::1]:9 took too long after 5 bytes');
});
