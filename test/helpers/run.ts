import { execFile, spawnSync, type SpawnSyncOptions, type SpawnSyncReturns } from 'node:child_process';
import { promisify } from 'node:util';

import { deadline } from './until.js';

const limit = { timeout: deadline, killSignal: 'SIGKILL' } as const;

/** Runs a command to its end while this thread is blocked; fails at the deadline. */
export function runBlocked(command: string, args: string[], options: SpawnSyncOptions = {}): SpawnSyncReturns<string> {
  const result = spawnSync(command, args, { ...limit, ...options, encoding: 'utf8' });
  if (result.error !== undefined) throw result.error;
  return result;
}

/** Runs a command to its end; fails where it does, and at the deadline. */
export async function run(command: string, args: string[]): Promise<{ stdout: string; stderr: string }> {
  return await promisify(execFile)(command, args, limit);
}
