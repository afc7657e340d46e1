/** The supervisor and its workers run under AddressSanitizer. */
export const sanitized = process.env.PROCPOOL_TEST_SCALE !== undefined;

/** False, otherwise why not: what node:test takes for `skip`. */
export const noMemoryLimits: string | false = sanitized && 'a sanitizer ends a process that gets no memory';

/** For processes in which LeakSanitizer cannot run: traced ones, and those that can have no thread. */
export const withoutLeakCheck = {
  ...process.env,
  ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:detect_leaks=0`,
};
