import { ProcpoolError } from './errors.js';

/** In words that complete "the pool is". */
const states = {
  idle: 'not started',
  starting: 'starting',
  running: 'running',
  stopping: 'stopping',
  ended: 'ended',
};

/** What a pool does: each state follows from one before it, and none comes twice. */
export type PoolState = keyof typeof states;

/** The error for what cannot be done in this state. */
export function stateError(refusal: string, state: PoolState): ProcpoolError {
  return new ProcpoolError('ERR_PROCPOOL_STATE', `${refusal}: the pool is ${states[state]}`);
}
