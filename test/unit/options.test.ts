import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';

import type { ProcessPoolOptions } from '../../lib/option_table.js';
import { fillOptions } from '../../lib/options.js';

test('the defaults are those of the documentation', () => {
  assert.deepEqual(fillOptions({}), {
    port: 10714,
    host: undefined,
    path: undefined,
    workers: availableParallelism(),
    backlog: 4096,
    onDeath: 'takeover',
    workerTimeout: 10_000,
    maxLifetime: 0,
    drainTimeout: 10_000,
    handler: 'sink',
    idleTimeout: 0,
    firstByteTimeout: 0,
    maxAge: 0,
    batchDelay: 5,
    requestTimeout: 60_000,
    maxBody: 2 ** 20,
    contentEncoding: 'refuse',
    corsOrigin: undefined,
    output: 'inherit',
    logLevel: 'silent',
    log: undefined,
    signal: undefined,
  });
  assert.equal(fillOptions({ log: () => undefined }).logLevel, 'info');
  assert.equal(fillOptions({ handler: 'echo' }).idleTimeout, 60_000);
  assert.equal(fillOptions({ handler: 'http' }).idleTimeout, 75_000);
  assert.equal(fillOptions({ port: undefined }).port, 10714);
});

test('inherited options are used, and checked', () => {
  assert.equal(fillOptions(Object.create({ workers: 7 }) as ProcessPoolOptions).workers, 7);
  assert.throws(() => fillOptions(Object.create({ workers: 1025 }) as ProcessPoolOptions), {
    code: 'ERR_PROCPOOL_OPTION',
    option: 'workers',
    value: 1025,
  });
});

const bad: [option: string, values: unknown[]][] = [
  ['port', [-1, 65536, 1.5, '80', Number.NaN, null, {}, []]],
  ['host', ['', 7, 'a\0b', null]],
  ['path', ['', 'x'.repeat(108), 'ä'.repeat(54), 'a\0b', 7]],
  ['workers', [0, 1025, 1.5, '3', Infinity]],
  ['backlog', [0, 65536, '1']],
  ['drainTimeout', [-1, 2 ** 31, '1s', 0.5]],
  ['handler', ['tee', '', 0, null]],
  ['idleTimeout', [-1, 2 ** 31, '1s', 0.5]],
  ['firstByteTimeout', [-1, null]],
  ['maxAge', [Infinity, '1']],
  ['batchDelay', [-0.1, 1000.5, Number.NaN, Infinity, '1ms', null]],
  ['requestTimeout', [-1, '1m']],
  ['maxBody', [0, -1, 0.5, '1m', 2 ** 60]],
  ['contentEncoding', ['gzip', '', true, null]],
  [
    'corsOrigin',
    [
      '',
      'example.org',
      'https://example.org/',
      'HTTPS://Example.org',
      'http://[',
      'a b',
      'http://a\r\nb: c',
      'https://' + 'x'.repeat(250),
    ],
  ],
  ['output', ['', -1, 1.5, true, null]],
  ['logLevel', ['loud', '', 3]],
  ['log', ['stderr', {}]],
  ['signal', ['SIGTERM', {}]],
  ['prot', [1]],
  ['__proto__x', ['y']],
  ['constructor', [1]],
];

for (const [option, values] of bad) {
  for (const value of values) {
    test(`${option}: ${typeof value} ${String(value)} is refused, and the error names both`, () => {
      assert.throws(
        () => fillOptions({ [option]: value }),
        (error: Error & Record<string, unknown>) => {
          assert.equal(error.code, 'ERR_PROCPOOL_OPTION');
          assert.equal(error.option, option);
          assert.deepEqual(error.value, value);
          assert.ok(error.message.startsWith(`option "${option}" `), error.message);
          assert.ok(!error.message.includes('\n'));
          return true;
        },
      );
    });
  }
}

for (const [option, value] of [
  ['requestTimeout', 1],
  ['maxBody', 1],
  ['contentEncoding', 'pass'],
  ['corsOrigin', '*'],
] as const) {
  test(`${option} belongs to the http handler`, () => {
    assert.equal(fillOptions({ handler: 'http', [option]: value })[option], value);
    assert.throws(() => fillOptions({ [option]: value }), { option });
    assert.throws(() => fillOptions({ handler: 'echo', [option]: value }), { option });
  });
}

test('a batch delay may be a fraction, and its default follows the handler', () => {
  assert.equal(fillOptions({ batchDelay: 0.25 }).batchDelay, 0.25);
  assert.equal(fillOptions({ handler: 'http' }).batchDelay, 0.01);
});

test('an echo has no output and no batch delay', () => {
  assert.equal(fillOptions({ handler: 'echo' }).batchDelay, 0);
  assert.throws(() => fillOptions({ handler: 'echo', output: 'x' }), { option: 'output' });
  assert.throws(() => fillOptions({ handler: 'echo', batchDelay: 1 }), { option: 'batchDelay' });
});

test('an origin is what browsers send', () => {
  for (const corsOrigin of ['*', 'https://example.org', 'http://localhost:8080', 'http://[::1]:8080']) {
    assert.equal(fillOptions({ handler: 'http', corsOrigin }).corsOrigin, corsOrigin);
  }
});

test('a path excludes a port and a host', () => {
  assert.throws(() => fillOptions({ path: '/x', port: 1 }), { option: 'port' });
  assert.throws(() => fillOptions({ path: '/x', host: 'y' }), { option: 'host' });
});

for (const options of [null, [], 7, 'x']) {
  test(`options that are ${JSON.stringify(options)} are refused`, () => {
    assert.throws(() => fillOptions(options as ProcessPoolOptions), { code: 'ERR_PROCPOOL_OPTION' });
  });
}
