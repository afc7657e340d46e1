#!/usr/bin/env node
import { handleSignals } from './signals.js'; // first: see there

import { constants, fstatSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { type Command, helpText, inFlags, parseCommand, UsageError } from './arguments.js';
import { type ErrorCode, ProcpoolError } from './errors.js';
import { formatEntry, ignoredSignal, statsEntry, warning } from './log.js';
import type { LogEntry } from './log_entry.js';
import { isLogged } from './log_level.js';
import { openLogSink } from './log_sink.js';
import { watchPackageManager } from './npm_parent.js';
import { ProcessPool } from './pool.js';
import { closeHungUpTerminals } from './terminals.js';

/** The bits of a descriptor's flags that hold its access mode, open(2): O_ACCMODE. */
const accessModeMask = 3;

const exitFailure = 1;
const exitUsage = 2;

/** Failures that supervisor or workers have logged already. */
const loggedFailures = new Set<ErrorCode>([
  'ERR_PROCPOOL_OUTPUT',
  'ERR_PROCPOOL_STUCK',
  'ERR_PROCPOOL_UNDELIVERED',
  'ERR_PROCPOOL_WORKERS',
]);

/** How long the exit waits for stderr to take the last lines, in ms. */
const stderrTimeout = 1000;

function version(): string {
  const manifest = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}

/** True if stdout is /dev/null, opened for reading and writing: Node opens that if it is started with stdout closed. */
function isStdoutDiscarded(): boolean {
  try {
    const flags = /^flags:\s*(\d+)/m.exec(readFileSync('/proc/self/fdinfo/1', 'latin1'))?.[1] ?? '';
    const isReadWrite = (Number.parseInt(flags, 8) & accessModeMask) === constants.O_RDWR;
    return isReadWrite && fstatSync(1).rdev === statSync('/dev/null').rdev;
  } catch {
    return false; // no /proc
  }
}

/** Writes to stdout; that its reader has gone is no failure. */
function print(text: string): void {
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') process.exitCode = exitFailure;
  });
  process.stdout.write(text);
}

function printError(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  try {
    writeSync(2, `procpool-native: ${inFlags(message)}\n`);
  } catch {
    // stderr is closed: the exit status has to do.
  }
}

async function run({ options, logFormat, statsInterval }: Extract<Command, { action: 'run' }>): Promise<void> {
  const sink = openLogSink((count) => formatEntry(warning(`${count} log entries dropped`), logFormat));
  const log = (entry: LogEntry): void => {
    sink.write(formatEntry(entry, logFormat));
  };

  const level = options.logLevel ?? 'info';
  const pool = new ProcessPool({ ...options, log });
  const fail = (error: unknown): void => {
    const isLoggedAlready =
      error instanceof ProcpoolError && loggedFailures.has(error.code) && options.logLevel !== 'silent';
    if (!isLoggedAlready && process.exitCode === undefined) printError(error);
    process.exitCode = exitFailure;
  };
  pool.on('error', fail);

  let stops = 0;
  const stop = (signal: NodeJS.Signals): void => {
    stops += 1;
    pool.stop({ signal }).catch(fail);
  };
  const reopen = (): void => {
    pool.reopen().catch((error: unknown) => {
      const reason = inFlags(error instanceof Error ? error.message : String(error));
      if (isLogged('warn', level)) log(warning(`output not reopened: ${reason}`));
    });
  };
  handleSignals({
    stop,
    reopen: options.output === undefined ? undefined : reopen,
    logStats: () => {
      if (isLogged('info', level)) log(statsEntry(pool.stats()));
    },
    recycle: () => {
      pool.recycle().catch((error: unknown) => {
        const reason = inFlags(error instanceof Error ? error.message : String(error));
        if (isLogged('warn', level)) log(warning(`workers not replaced: ${reason}`));
      });
    },
    ignore: (signal) => {
      if (isLogged('warn', level)) log(ignoredSignal(signal));
    },
  });
  // A signal to npm or to its process group ends npm and its shell at once: what has arrived is delivered all the same.
  watchPackageManager(() => void pool.stop().catch(fail));
  pool.on('close', () => {
    setTimeout(() => {
      process.exit();
    }, stderrTimeout).unref();
  });

  if (options.output === undefined && options.handler !== 'echo' && isLogged('warn', level) && isStdoutDiscarded()) {
    log(warning('stdout is closed or /dev/null: input is discarded'));
  }
  try {
    await pool.start();
  } catch (error) {
    if (stops === 0) fail(error);
    return;
  }
  if (statsInterval > 0 && isLogged('info', level)) {
    const timer = setInterval(() => {
      log(statsEntry(pool.stats()));
    }, statsInterval);
    pool.on('close', () => {
      clearInterval(timer);
    });
  }
}

function main(): void {
  process.on('exit', closeHungUpTerminals);
  // Otherwise Node resets the signal handlers before it exits, and a signal that comes then kills it.
  process.on('beforeExit', () => {
    process.exit();
  });
  try {
    const command = parseCommand(process.argv.slice(2));
    if (command.action === 'run') void run(command);
    else print(command.action === 'help' ? helpText() : `${version()}\n`);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    printError(error);
    process.exitCode = exitUsage;
  }
}

main();
