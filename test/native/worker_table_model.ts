import { addon, type Aftermath, type WorkerEntry } from './addon.js';

const { backoff } = addon;

const nobody: WorkerEntry = { phase: 'empty', pid: 0, startedMs: 0, wakeMs: 0, youngDeaths: 0, failedStarts: 0 };
export const noReplacement: Aftermath = { replaced: false, givenUp: false, delayMs: 0 };

export function runs({ phase }: WorkerEntry): boolean {
  return phase === 'starting' || phase === 'ready' || phase === 'retiring';
}

function isMember({ phase }: WorkerEntry): boolean {
  return phase !== 'empty' && phase !== 'retiring';
}

/** What worker_table.h says, in a few plain lines: new workers take the lowest free slots, the highest ones retire. */
export class Model {
  slots: WorkerEntry[] = [];
  target = 0;
  stopped = false;

  resize(target: number, now: number): number[] {
    this.target = target;
    for (let slot = 0; this.members() < target; slot += 1) {
      if ((this.slots[slot] ?? nobody).phase === 'empty')
        this.slots[slot] = { ...nobody, phase: 'waiting', wakeMs: now };
    }
    const tooMany = this.where(isMember)
      .reverse()
      .slice(0, this.members() - target);
    const retired = tooMany.filter((slot) => runs(this.slots[slot]!));
    for (const slot of tooMany) {
      if (retired.includes(slot)) this.slots[slot]!.phase = 'retiring';
      else this.slots[slot] = nobody;
    }
    return retired;
  }

  stop(): void {
    this.stopped = true;
    this.slots = this.slots.map((entry) => (entry.phase === 'waiting' ? nobody : entry));
  }

  started(slot: number, pid: number, now: number): void {
    Object.assign(this.slots[slot]!, { phase: 'starting', pid, startedMs: now });
  }

  ready(slot: number): void {
    const entry = this.slots[slot]!;
    entry.failedStarts = 0;
    if (entry.phase === 'starting') entry.phase = 'ready';
  }

  startFailed(slot: number, now: number): Aftermath {
    const entry = this.slots[slot]!;
    entry.failedStarts += 1;
    entry.youngDeaths += 1;
    return this.#replace(slot, now);
  }

  ended(slot: number, now: number): Aftermath {
    const entry = this.slots[slot]!;
    if (entry.phase === 'starting') entry.failedStarts += 1;
    entry.youngDeaths = now < entry.startedMs + backoff.youngMs ? entry.youngDeaths + 1 : 0;
    return this.#replace(slot, now);
  }

  due(now: number): number | undefined {
    return this.where(({ phase, wakeMs }) => phase === 'waiting' && wakeMs <= now)[0];
  }

  nextWakeMs(): number | undefined {
    const times = this.slots.filter(({ phase }) => phase === 'waiting').map(({ wakeMs }) => wakeMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  where(matches: (entry: WorkerEntry) => boolean): number[] {
    return this.slots.flatMap((entry, slot) => (matches(entry) ? [slot] : []));
  }

  members(): number {
    return this.where(isMember).length;
  }

  #replace(slot: number, now: number): Aftermath {
    const entry = this.slots[slot]!;
    if (this.stopped || entry.phase === 'retiring') {
      this.slots[slot] = nobody;
      return noReplacement;
    }
    const delayMs = backoff.delayMs(entry.youngDeaths);
    Object.assign(entry, { phase: 'waiting', pid: 0, wakeMs: now + delayMs });
    return { replaced: true, givenUp: entry.failedStarts >= backoff.giveUpAfter, delayMs };
  }
}
