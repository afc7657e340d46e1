import { ProcpoolError } from './errors.js';
import {
  type FilledOptions,
  type HandlerName,
  type Option,
  type OptionName,
  optionTable,
  type ProcessPoolOptions,
} from './option_table.js';

const table: Record<OptionName, Option<unknown>> = optionTable;
const names = Object.keys(table) as OptionName[];

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}

/** The error for an option's bad value: names both. */
export function optionError(option: string, value: unknown, expected: string): ProcpoolError {
  const message = `option "${option}" must be ${expected}, not ${show(value)}`;
  return new ProcpoolError('ERR_PROCPOOL_OPTION', message, { option, value });
}

/** Checks the value of one option; throws `ERR_PROCPOOL_OPTION`. */
export function checkOption(name: OptionName, value: unknown): void {
  const { kind } = table[name];
  if (!kind.accepts(value)) throw optionError(name, value, kind.expected);
}

/** The options as they are at this moment, inherited ones too, each of them checked. */
function checkedOptions(given: unknown): ProcessPoolOptions {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw optionError('options', given, 'an object');
  }
  const values = given as Record<string, unknown>;
  const unknown = Object.keys(values).find((name) => !Object.hasOwn(table, name));
  if (unknown !== undefined) {
    const value = values[unknown];
    const message = `option "${unknown}" is unknown, its value ${show(value)}`;
    throw new ProcpoolError('ERR_PROCPOOL_OPTION', message, { option: unknown, value });
  }
  const options = names.map((name) => [name, values[name]] as const).filter(([, value]) => value !== undefined);
  for (const [name, value] of options) checkOption(name, value);
  return Object.fromEntries(options);
}

/** Why an option cannot be given along with the others; undefined: it can. */
function conflict(name: OptionName, options: ProcessPoolOptions, handler: HandlerName): string | undefined {
  const { excludedBy, handlers } = table[name];
  if (excludedBy !== undefined && options[excludedBy] !== undefined) return `where option "${excludedBy}" is given`;
  if (handlers === undefined || handlers.includes(handler)) return undefined;
  const [only = '', ...others] = handlers;
  return `where option "handler" is ${others.length === 0 ? `not "${only}"` : `"${handler}"`}`;
}

/** Checks everything and fills in the defaults; throws `ERR_PROCPOOL_OPTION`. */
export function fillOptions(given: ProcessPoolOptions): FilledOptions {
  const options = checkedOptions(given);
  const handler = options.handler ?? optionTable.handler.default;
  const filled = names.map((name) => {
    const value = options[name];
    if (value === undefined) return [name, table[name].handlerDefaults?.[handler] ?? table[name].default] as const;
    const reason = conflict(name, options, handler);
    if (reason !== undefined) throw optionError(name, value, `left out ${reason}`);
    return [name, value] as const;
  });
  const { logLevel, ...others } = Object.fromEntries(filled) as FilledOptions;
  return { ...others, logLevel: others.log === undefined ? 'silent' : logLevel };
}

/** The options that the addon gets, each under its name; an empty text for one that has no value. */
export function nativeOptions(options: FilledOptions): Record<string, string | number> {
  const native: Record<string, string | number> = {};
  for (const name of names) {
    const { kind } = table[name];
    const value = options[name];
    if (kind.toNative !== undefined) native[name] = value === undefined ? '' : kind.toNative(value);
  }
  return native;
}
