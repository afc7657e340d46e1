import type { LogEvent } from '../../lib/native.js';
import { addon, type RecordLayout } from '../native/addon.js';

export function numberOf(event: LogEvent): number {
  return addon.logEvents.findIndex(({ name }) => name === event);
}

type Field = Exclude<keyof RecordLayout, 'size' | 'count' | 'call'>;

/** A log record as a worker writes it, of worker 0 and pid 1, but for these fields. */
export function record(name: LogEvent, fields: Partial<Record<Field, number>> = {}): Buffer {
  const at = addon.recordLayout;
  const bytes = Buffer.alloc(at.size);
  const event = numberOf(name);
  const values = { event, level: addon.logEvents[event]!.level, worker: 0, pid: 1, ...fields };
  for (const [field, value] of Object.entries(values) as [Field, number][]) {
    if (field === 'event' || field === 'level') bytes[at[field]] = value;
    else if (field === 'family') bytes.writeUInt16LE(value, at[field]);
    else if (field === 'value') bytes.writeUInt32LE(value, at[field]);
    else bytes.writeInt32LE(value, at[field]);
  }
  return bytes;
}
