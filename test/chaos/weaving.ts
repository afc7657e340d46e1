import { once } from 'node:events';
import { text } from 'node:stream/consumers';

import { type Arguments, type Checked, start, verdict } from './programs.js';

export interface Woven {
  checked: Checked;
  /** Where in the output the damage begins; -1 if there is none. */
  damaged: number;
}

/** What chaos_check says of output that chaos_weave makes, with a report at that path: see native/chaos_weave.cc. */
export async function checkWoven(report: string, args: Arguments): Promise<Woven> {
  const { seed = 1 } = args;
  const weaver = start('chaos_weave', { ...args, seed, report });
  const said = text(weaver.stderr!);
  const ended = once(weaver, 'exit');
  const reader = start('chaos_check', { seed, report }, 'pipe');
  weaver.stdout!.pipe(reader.stdin!);
  const checked = await verdict(reader);
  const [status] = (await ended) as [number | null];
  if (status !== 0) throw new Error(await said);
  const { at } = JSON.parse((await said) || '{"at":-1}') as { at: number };
  return { checked, damaged: at };
}
