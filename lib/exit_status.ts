import { constants } from 'node:os';

function signalName(number: number): NodeJS.Signals | undefined {
  return (Object.keys(constants.signals) as NodeJS.Signals[]).find((name) => constants.signals[name] === number);
}

/** A signal's name, or its number if Node has no name for it. */
export function signalText(number: number): string {
  return signalName(number) ?? `signal ${number}`;
}

/** The number of the signal that a wait status says a process was killed by; 0: it exited. See wait(2). */
export function killingSignal(status: number): number {
  return status & 0x7f;
}

/** What a wait status says. Both null: a signal that Node has no name for. */
export function exitOf(status: number): { code: number | null; signal: NodeJS.Signals | null } {
  const signal = killingSignal(status);
  return signal === 0
    ? { code: (status >> 8) & 0xff, signal: null }
    : { code: null, signal: signalName(signal) ?? null };
}
