/** What each code of a {@link ProcpoolError} means. System errors keep Node's codes (`EADDRINUSE`, …). */
export const errorCodes = {
  ERR_PROCPOOL_PLATFORM: 'the package does not run on this platform',
  ERR_PROCPOOL_BINDING: 'the native addon cannot be loaded',
  ERR_PROCPOOL_OPTION: 'an option is unknown, or its value is of a wrong type or out of range',
  ERR_PROCPOOL_STATE: 'the pool is not in a state in which this can be done',
  ERR_PROCPOOL_SUPERVISOR: 'the supervisor process could not be started, failed or was killed',
  ERR_PROCPOOL_WORKERS: 'workers could not be started, or kept dying at their start',
  ERR_PROCPOOL_STUCK: 'a worker did not exit in time and was killed',
  ERR_PROCPOOL_OUTPUT: 'the output takes no more bytes',
  ERR_PROCPOOL_UNDELIVERED: 'the pool ended before all bytes were delivered',
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** What an error may say beside its message. */
export interface ErrorDetails {
  /** The option at fault. */
  option?: string;
  /** Its value. */
  value?: unknown;
  /** How many bytes were not delivered. */
  bytes?: number;
  cause?: unknown;
}

/** An error that is not a system error; `code` is one of {@link errorCodes}. */
export class ProcpoolError extends Error {
  override readonly name = 'ProcpoolError';
  readonly code: ErrorCode;
  // Only declared, so that an error has, and prints, only those that are given.
  /** The option at fault. */
  declare readonly option?: string;
  /** Its value. */
  declare readonly value?: unknown;
  /** How many bytes were not delivered. */
  declare readonly bytes?: number;

  constructor(code: ErrorCode, message: string, { cause, ...details }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    Object.assign(this, details);
  }
}

/** A system error (`code`, `errno`, `syscall`, …) whose message also names the option that led to it, and what to do. */
export function withOption(error: unknown, option: string, value: unknown, hint = ''): unknown {
  if (!(error instanceof Error)) return error;
  error.message += ` (option "${option}": ${JSON.stringify(value)})${hint}`;
  return Object.assign(error, { option, value });
}
