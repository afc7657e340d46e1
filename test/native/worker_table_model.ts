import { addon, type RestartPlan, type Surplus, type WorkerEntry } from './addon.js';

const { backoff } = addon;

const nobody: WorkerEntry = { phase: 'empty', pid: 0, startedMs: 0, wakeMs: 0, youngDeaths: 0, failedStarts: 0 };
export const noReplacement: RestartPlan = { replaced: false, givenUp: false, delayMs: 0 };

export function runs({ phase }: WorkerEntry): boolean {
  return phase === 'starting' || phase === 'ready' || phase === 'retiring';
}

function isMember({ phase }: WorkerEntry): boolean {
  return phase !== 'empty' && phase !== 'retiring';
}

function hasGivenUp({ failedStarts }: WorkerEntry): boolean {
  return failedStarts >= backoff.giveUpAfter;
}

/** What worker_table.h says, in a few plain lines: new workers take the lowest free slots, the highest ones retire. */
export class Model {
  slots: WorkerEntry[] = [];
  target = 0;
  previousTarget: number | undefined;
  stopped = false;

  resize(target: number, now: number): Surplus {
    if (this.target > 0) this.previousTarget ??= this.target;
    this.target = target;
    this.#addMembers(now);
    const byNeed = [
      ...this.where(({ phase }) => phase === 'waiting').reverse(),
      ...this.where((entry) => isMember(entry) && runs(entry)).reverse(),
    ];
    const tooMany = byNeed.slice(0, this.members() - target);
    const retiring = tooMany.filter((slot) => runs(this.slots[slot]!));
    const dropped = tooMany.filter((slot) => !retiring.includes(slot));
    for (const slot of retiring) this.slots[slot]!.phase = 'retiring';
    for (const slot of dropped) this.slots[slot] = nobody;
    this.#settle();
    return { retiring, dropped };
  }

  fallBack(now: number): Surplus {
    const left = this.resize(this.previousTarget ?? this.target, now);
    this.previousTarget = undefined;
    return left;
  }

  hopeless(): boolean {
    return this.where(runs).length === 0 && this.where((entry) => isMember(entry) && !hasGivenUp(entry)).length === 0;
  }

  shortOfWorkers(): boolean {
    return this.where(hasGivenUp).length > 0;
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
    this.#settle();
  }

  leaving(slot: number, now: number): boolean {
    const entry = this.slots[slot]!;
    if (this.stopped || !isMember(entry)) return false;
    entry.phase = 'retiring';
    this.#addMembers(now);
    return true;
  }

  startFailed(slot: number, now: number): RestartPlan {
    const entry = this.slots[slot]!;
    entry.failedStarts += 1;
    entry.youngDeaths += 1;
    return this.#replace(slot, now);
  }

  ended(slot: number, now: number): RestartPlan {
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

  #addMembers(now: number): void {
    for (let slot = 0; this.members() < this.target; slot += 1) {
      if ((this.slots[slot] ?? nobody).phase === 'empty')
        this.slots[slot] = { ...nobody, phase: 'waiting', wakeMs: now };
    }
  }

  #replace(slot: number, now: number): RestartPlan {
    const entry = this.slots[slot]!;
    if (this.stopped || entry.phase === 'retiring') {
      this.slots[slot] = nobody;
      return noReplacement;
    }
    const delayMs = backoff.delayMs(entry.youngDeaths);
    Object.assign(entry, { phase: 'waiting', pid: 0, wakeMs: now + delayMs });
    return { replaced: true, givenUp: hasGivenUp(entry), delayMs };
  }

  #settle(): void {
    if (this.where(({ phase }) => phase === 'ready').length >= this.target) this.previousTarget = undefined;
  }
}
