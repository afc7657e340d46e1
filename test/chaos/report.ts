import { commandOf } from './phases.js';
import type { Outcome } from './run_phase.js';

/** What went wrong, in words; nothing if all is well. */
export function failuresOf({ sent, checked, exit, processesLeft, descriptorsLeft }: Outcome): string[] {
  const failures: [number, string][] = [
    [checked.defects, 'defects'],
    [sent.bytes - checked.bytes, 'bytes fewer than were sent'],
    [sent.resets, 'resets'],
    [sent.errors, 'errors of clients'],
    [sent.unclosed, 'clients not closed'],
    [processesLeft, 'processes left'],
    [descriptorsLeft, 'descriptors left'],
  ];
  return [
    ...failures.filter(([count]) => count !== 0).map(([count, what]) => `${count} ${what}`),
    ...(exit === 0 ? [] : [`exit status ${exit}`]),
  ];
}

function milliseconds(ms: number): string {
  return ms.toFixed(ms < 10 ? 1 : 0);
}

/** A line for a phase, and more if it failed. */
export function describe(outcome: Outcome): string {
  const { phase, kills, sent, checked, log } = outcome;
  const { clients, workers, output, signal, seconds, seed } = phase;
  const failures = failuresOf(outcome);
  const stalls = [sent.stallP50Ms, sent.stallP99Ms, sent.stallMaxMs].map(milliseconds).join('/');
  const line = [
    failures.length === 0 ? 'ok  ' : 'FAIL',
    `seed ${seed}: ${clients} clients (${sent.connects} connections), ${workers} workers, ${output}, ${signal}`,
    `${seconds} s, ${kills} kills, ${(checked.bytes / 1e6).toFixed(1)} MB`,
    `stalls p50/p99/max ${stalls} ms`,
    ...failures,
  ].join(', ');
  if (failures.length === 0) return line;
  const defects = checked.first.map(
    ({ kind, client, from, bytes, at }) => `  ${bytes} bytes ${kind}: client ${client} from ${from}, output at ${at}`,
  );
  const logged = log === '' ? [] : log.split('\n').map((text) => `  | ${text}`);
  return [line, ...defects, ...logged, `  ${commandOf(phase)}`].join('\n');
}

function sum(outcomes: Outcome[], of: (outcome: Outcome) => number): number {
  return outcomes.reduce((total, outcome) => total + of(outcome), 0);
}

function worst(outcomes: Outcome[], of: (outcome: Outcome) => number): string {
  return milliseconds(Math.max(0, ...outcomes.map(of)));
}

/** All phases together. */
export function summary(seed: number, outcomes: Outcome[]): string {
  const failed = outcomes.filter((outcome) => failuresOf(outcome).length > 0);
  const statuses = [...new Set(outcomes.map(({ exit }) => exit))];
  return [
    `seed ${seed}, ${outcomes.length} phases, ${failed.length} failed`,
    `kills ${sum(outcomes, ({ kills }) => kills)}`,
    `bytes ${sum(outcomes, ({ checked }) => checked.bytes)} of ${sum(outcomes, ({ sent }) => sent.bytes)}`,
    `defects ${sum(outcomes, ({ checked }) => checked.defects)}`,
    `resets ${sum(outcomes, ({ sent }) => sent.resets)}`,
    `stalls, worst of all phases: p50 ${worst(outcomes, ({ sent }) => sent.stallP50Ms)} ms, p99 ${worst(outcomes, ({ sent }) => sent.stallP99Ms)} ms, max ${worst(outcomes, ({ sent }) => sent.stallMaxMs)} ms`,
    `exit status ${statuses.join(', ')}`,
    `left: ${sum(outcomes, (outcome) => outcome.processesLeft)} processes, ${sum(outcomes, (outcome) => outcome.descriptorsLeft)} descriptors`,
  ].join('\n');
}
