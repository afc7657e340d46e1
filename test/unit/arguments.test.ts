import assert from 'node:assert/strict';
import { test } from 'node:test';

import { helpText, parseCommand } from '../../lib/arguments.js';

test('every flag changes what it names', () => {
  const command = parseCommand(
    (
      '--port 1 --host h --workers 2 --backlog 3 --handler http --output o --drain-timeout 1.5s --idle-timeout 1m ' +
      '--first-byte-timeout 2s --max-age 1h --request-timeout 3m --max-body 64k --cors-origin * --content-encoding pass --log-level debug --log-format json --stats-interval 2m'
    ).split(' '),
  );
  assert.deepEqual(command, {
    action: 'run',
    options: {
      port: 1,
      host: 'h',
      workers: 2,
      backlog: 3,
      handler: 'http',
      output: './o',
      drainTimeout: 1500,
      idleTimeout: 60_000,
      firstByteTimeout: 2000,
      maxAge: 3_600_000,
      requestTimeout: 180_000,
      maxBody: 65_536,
      corsOrigin: '*',
      contentEncoding: 'pass',
      logLevel: 'debug',
    },
    logFormat: 'json',
    statsInterval: 120_000,
  });
  for (const [text, batchDelay] of [
    ['0', 0],
    ['0.25ms', 0.25],
    ['1s', 1000],
  ] as const) {
    const { options } = parseCommand(['--batch-delay', text]) as { options: { batchDelay: number } };
    assert.equal(options.batchDelay, batchDelay);
  }
  assert.deepEqual(parseCommand(['--path=/s']), {
    action: 'run',
    options: { path: '/s' },
    logFormat: 'text',
    statsInterval: 0,
  });
});

for (const [text, bytes] of [
  ['512', 512],
  ['64k', 2 ** 16],
  ['1M', 2 ** 20],
  ['2g', 2 ** 31],
] as const) {
  test(`a size of ${text} is ${bytes} bytes`, () => {
    const command = parseCommand(['--handler', 'http', '--max-body', text]);
    assert.ok(command.action === 'run');
    assert.equal(command.options.maxBody, bytes);
  });
}

test('help and version come before everything else', () => {
  assert.deepEqual(parseCommand(['--port', '1', '--help']), { action: 'help' });
  assert.deepEqual(parseCommand(['--version']), { action: 'version' });
  assert.deepEqual(parseCommand(['-v']), { action: 'version' });
  assert.deepEqual(parseCommand(['-h']), { action: 'help' });
});

test('the help names every flag with its default', () => {
  for (const flag of [
    'port',
    'host',
    'path',
    'workers',
    'backlog',
    'handler',
    'on-death',
    'drain-timeout',
    'idle-timeout',
    'first-byte-timeout',
    'max-age',
    'batch-delay',
    'request-timeout',
    'max-body',
    'content-encoding',
    'cors-origin',
    'log-level',
    'log-format',
    'stats-interval',
    'output',
    'version',
    'help',
  ]) {
    assert.match(helpText(), new RegExp(`^ {2}(?:-\\w, )?--${flag}\\b`, 'm'));
  }
  assert.match(helpText(), /--port N .*\(10714\)/);
});

const bad: [args: string[], message: RegExp][] = [
  [['--port', 'eighty'], /"--port" .*"eighty"/],
  [['--port', '80x'], /"--port" .*"80x"/],
  [['--port', ''], /"--port" .*""/],
  [['--port', '-1'], /"--port" .*"-1"/],
  [['--port', '65536'], /"--port" .*65536/],
  [['--port', '0x50'], /"--port" .*"0x50"/],
  [['--port'], /"--port" needs a value/],
  [['--workers', '0'], /"--workers" .*0/],
  [['--workers', '99999999999999999999'], /"--workers" .*"99999999999999999999"/],
  [['--drain-timeout', '10'], /"--drain-timeout" .*"10"/],
  [['--drain-timeout', '-1s'], /"--drain-timeout" .*"-1s"/],
  [['--drain-timeout', '1 fortnight'], /"--drain-timeout" .*"1 fortnight"/],
  [['--drain-timeout', '9999h'], /"--drain-timeout" .*"9999h"/],
  [['--drain-timeout', '0.0001s'], /"--drain-timeout" .*"0.0001s"/],
  [['--handler', 'tee'], /"--handler" .*"tee"/],
  [['--idle-timeout', '5'], /"--idle-timeout" .*"5"/],
  [['--first-byte-timeout', 'x'], /"--first-byte-timeout" .*"x"/],
  [['--batch-delay', '1'], /"--batch-delay" .*"1"/],
  [['--batch-delay', '1001ms'], /"--batch-delay" .*"1001ms"/],
  [['--batch-delay', '-1ms'], /"--batch-delay" .*"-1ms"/],
  [['--batch-delay', '1ms', '--handler', 'echo'], /"--batch-delay" .*"--handler".* "1ms"/],
  [['--max-age', ''], /"--max-age" .*""/],
  [['--max-body', '1.5m', '--handler', 'http'], /"--max-body" .*"1.5m"/],
  [['--max-body', '1t', '--handler', 'http'], /"--max-body" .*"1t"/],
  [['--max-body', '99999999999g', '--handler', 'http'], /"--max-body" .*"99999999999g"/],
  [['--max-body', '1m'], /"--max-body" .*"--handler".* "1m"/],
  [['--cors-origin', 'x', '--handler', 'http'], /"--cors-origin" .*"x"/],
  [['--log-level', 'loud'], /"--log-level" .*"loud"/],
  [['--log-format', 'xml'], /"--log-format" .*"xml"/],
  [['--stats-interval', 'often'], /"--stats-interval" .*"often"/],
  [['--path', 'x', '--port', '1'], /"--port" .*"--path".* "1"/],
  [['--path', 'x'.repeat(200)], /"--path" .*xxx/],
  [['--host', ''], /"--host" .*""/],
  [['--output', ''], /"--output" must be a file, or - for standard output, not ""/],
  [['--help=yes'], /"--help" .*"yes"/],
  [['--unknown'], /"--unknown" is unknown: see --help/],
  [['--unknown=x'], /"--unknown" is unknown, its value "x": see --help/],
  [['--no-port'], /"--no-port" is unknown/],
  [['--constructor'], /"--constructor" is unknown/],
  [['-p'], /"-p" is unknown: see --help/],
  [['10714'], /unexpected argument "10714": see --help/],
  [['--', 'x'], /unexpected argument "x"/],
];

for (const [args, message] of bad) {
  test(`${args.join(' ').slice(0, 60)} is refused in one line that names it`, () => {
    assert.throws(
      () => parseCommand(args),
      (error: Error) => {
        assert.equal(error.name, 'UsageError');
        assert.match(error.message, message);
        assert.ok(!error.message.includes('\n'));
        return true;
      },
    );
  });
}
