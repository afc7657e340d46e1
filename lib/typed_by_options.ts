import type { Readable } from 'node:stream';

import type { Address } from './native.js';
import type { ProcessPoolOptions } from './option_table.js';
import type { ProcessPool } from './pool.js';

/** The type of an option that may not be among those given. */
type Given<Options, Name extends string> = Name extends keyof Options ? Options[Name] : undefined;

/** What `output` is of a pool with these options. */
export type OutputOf<Options extends ProcessPoolOptions> =
  Given<Options, 'output'> extends 'pipe' ? Readable : 'pipe' extends Given<Options, 'output'> ? Readable | null : null;

/** What `address()` returns of a pool with these options. */
export type AddressOf<Options extends ProcessPoolOptions> =
  Given<Options, 'path'> extends undefined
    ? Address
    : undefined extends Given<Options, 'path'>
      ? Address | string
      : string;

/** Options that are all known: a type parameter alone would take any others, too. */
export type Known<Options extends ProcessPoolOptions> = Options &
  Record<Exclude<keyof Options, keyof ProcessPoolOptions>, never>;

/** {@link ProcessPool}, with the types that the options give it. */
export interface ProcessPoolConstructor {
  new <Options extends ProcessPoolOptions>(
    options?: Known<Options>,
  ): ProcessPool<OutputOf<Options>, AddressOf<Options>>;
  readonly prototype: ProcessPool;
}
