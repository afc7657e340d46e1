/** How much is logged; each level includes those before it. */
export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';
export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const satisfies LogLevel[];

/** True if an entry of `level` is logged by a pool whose log level is `limit`. */
export function isLogged(level: LogLevel, limit: LogLevel): boolean {
  return logLevels.indexOf(level) <= logLevels.indexOf(limit);
}
