import { median } from './median.js';
import { missing, type Program } from './programs.js';

/** Something that is measured of every contender. */
export interface Figure {
  name: string;
  unit: string;
  better: 'lower' | 'higher';
}

/** One contender's share of one round. */
export interface Sample {
  /** By their names. */
  figures: Record<string, number>;
  /** Bytes that did not arrive. */
  lost: number;
  /** In what it differs from what the workload asks. */
  note?: string;
}

/** What is measured: ours, peers, and baselines, which are minimal loops that can be beaten. */
export interface Contender {
  name: string;
  kind: 'ours' | 'peer' | 'baseline';
  needs?: Program[];
  /** In fresh processes. */
  measure(): Promise<Sample>;
  /** The same, of another checkout that is built. Ours only, where it runs as a command. */
  earlier?(checkout: string): Contender;
}

/** What every contender is made to do. */
export interface Workload {
  id: string;
  title: string;
  figures: Figure[];
  contenders: Contender[];
  /** How often in a round, where once says too little. */
  repeats?: number;
}

/** A contender's samples, or why there are none. */
export interface Result {
  system: string;
  kind: Contender['kind'];
  samples: Sample[];
  missing?: string;
}

export interface Comparison {
  id: string;
  title: string;
  figures: Figure[];
  results: Result[];
}

/** The contenders take turns: A B C A B C … */
export async function compare(
  { id, title, figures, contenders, repeats = 1 }: Workload,
  rounds: number,
  progress: (text: string) => void,
): Promise<Comparison> {
  const results = contenders.map(({ name, kind, needs = [] }): Result => {
    const packages = missing(needs).map((program) => program.package);
    return { system: name, kind, samples: [], ...(packages.length > 0 && { missing: `needs ${packages.join(', ')}` }) };
  });
  for (let round = 0; round < rounds * repeats; round++) {
    for (const [index, contender] of contenders.entries()) {
      const result = results[index];
      if (result === undefined || result.missing !== undefined) continue;
      progress(`${id} ${title}: ${contender.name}, ${round + 1} of ${rounds * repeats}`);
      try {
        result.samples.push(await contender.measure());
      } catch (error) {
        result.missing = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
      }
    }
  }
  return { id, title, figures, results };
}

/** NaN without samples. */
export function typical(result: Result, figure: string): number {
  return median(result.samples.map(({ figures }) => figures[figure] ?? Number.NaN));
}

/** Ours as users get it. */
export function ourResult({ results }: Comparison): Result | undefined {
  return results.find(({ kind }) => kind === 'ours');
}

/** Ours as a multiple of the other. */
export function ratio(comparison: Comparison, other: Result, figure: string): number {
  const ours = ourResult(comparison);
  return ours === undefined ? Number.NaN : typical(ours, figure) / typical(other, figure);
}

/** Bytes lost by a contender in the worst of its samples. */
export function maxLost({ samples }: Result): number {
  return Math.max(0, ...samples.map(({ lost }) => lost));
}
