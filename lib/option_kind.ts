import ms from 'ms';

/** What values an option takes: in a program, on the command line, in the help, and in the object for the addon. */
export interface OptionKind<Value> {
  /** Completes "must be", of a value that is refused. */
  readonly expected: string;
  /** The same of a text on the command line that is not written as it should be. */
  readonly expectedText: string;
  accepts(value: unknown): boolean;
  /** The value that a text on the command line stands for, its range unchecked; undefined: it is malformed. */
  parse(text: string): unknown;
  /** As the help shows it. */
  format(value: Value): string;
  /** As the addon gets it; absent where it does not. */
  toNative?(value: Value): string | number;
}

/** Longest duration in ms: what a timer of Node's can hold, 24.8 days. */
export const maxDuration = 2 ** 31 - 1;

const microsecondsPerMillisecond = 1000;

export function integer(min: number, max: number): OptionKind<number> {
  return {
    expected: `an integer from ${min} to ${max}`,
    expectedText: 'an integer',
    accepts: (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
    parse: (text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined),
    format: String,
    toNative: (value) => value,
  };
}

/** Bytes; on the command line with or without a unit. */
export function size(min: number): OptionKind<number> {
  return {
    ...integer(min, Number.MAX_SAFE_INTEGER),
    expectedText: 'a size such as 512, 64k, 1m or 2g',
    parse: (text) => {
      const [, digits, unit = ''] = /^(\d{1,15})([kmg]?)$/i.exec(text) ?? [];
      const bytes = Number(digits) * 1024 ** ' kmg'.indexOf(unit.toLowerCase() || ' ');
      return Number.isSafeInteger(bytes) ? bytes : undefined;
    },
    format: (bytes) => (bytes % 2 ** 20 === 0 ? `${bytes / 2 ** 20}m` : String(bytes)),
  };
}

/** The milliseconds of a text with a unit; NaN: it is malformed. */
function milliseconds(text: string): number {
  return /^(?:0|\d+(?:\.\d+)?(?:ms|s|m|h))$/.test(text) ? ms(text as ms.StringValue) : Number.NaN;
}

function formatDuration(value: number): string {
  return value % 1000 === 0 ? `${value / 1000}s` : `${value}ms`;
}

/** Whole milliseconds; on the command line with a unit. */
export const duration: OptionKind<number> = {
  ...integer(0, maxDuration),
  expectedText: 'a duration such as 500ms, 30s or 5m, at most 24 days',
  parse: (text) => {
    const value = milliseconds(text);
    return Number.isInteger(value) && value <= maxDuration ? value : undefined;
  },
  format: formatDuration,
};

/** Milliseconds up to a second, also fractions of one; the addon gets microseconds. */
export const shortDuration: OptionKind<number> = {
  expected: 'a number from 0 to 1000',
  expectedText: 'a duration such as 0.5ms or 2ms, at most 1s',
  accepts: (value) => typeof value === 'number' && value >= 0 && value <= 1000,
  parse: (text) => {
    const value = milliseconds(text);
    return value <= 1000 ? value : undefined;
  },
  format: formatDuration,
  toNative: (value) => Math.ceil(value * microsecondsPerMillisecond),
};

/** One of several names; the addon gets its index. */
export function choice<Choice extends string>(choices: readonly Choice[]): OptionKind<Choice> {
  const accepts = (value: unknown): boolean => choices.includes(value as Choice);
  return {
    expected: `one of ${choices.map((name) => `"${name}"`).join(', ')}`,
    expectedText: `one of ${choices.join(', ')}`,
    accepts,
    parse: (text) => (accepts(text) ? text : undefined),
    format: String,
    toNative: (value) => choices.indexOf(value),
  };
}

/** Text that is not empty; `isValid` may want more of it. */
export function text(expected: string, isValid: (text: string) => boolean = () => true): OptionKind<string> {
  return {
    expected,
    expectedText: expected,
    accepts: (value) => typeof value === 'string' && value !== '' && !value.includes('\0') && isValid(value),
    parse: (value) => value,
    format: String,
    toNative: (value) => value,
  };
}

/** What only a program can give, and the addon does not get. */
export function object<Value>(expected: string, accepts: (value: unknown) => boolean): OptionKind<Value> {
  return { expected, expectedText: expected, accepts, parse: () => undefined, format: String };
}
