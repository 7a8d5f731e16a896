import { PitwallError } from '../wire/errors.js';
import type { JournalEntry } from './cursor.js';
import {
  encodeRecord,
  familyOfKind,
  PAYLOAD_BYTES_MAX,
  PRIORITIES,
  type Priority,
  priorityOfKind,
  RECORD_HEADER_BYTES,
  type RecordKind,
} from './record.js';
import type { Segment } from './segment.js';

export interface NewRecord {
  seq: number;
  kind: RecordKind;
  payload: Uint8Array;
}

/** A record that waits for the next commit. */
interface Pending extends NewRecord {
  timeMs: number;
  priority: Priority;
}

/** What goes into one file with one write. */
export interface BatchPart {
  priority: Priority;
  records: readonly (NewRecord & { timeMs: number })[];
  /** Their form on disk; good until the next part is taken. */
  bytes: Uint8Array;
}

/** Records between two commits. */
export class Batch {
  #pending: Pending[] = [];
  #scratch = new Uint8Array(16 * 1024);

  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  /** Raises PW-WIRE-MESSAGE for what AWS IoT would not take. */
  add(record: NewRecord & { priority?: Priority }, timeMs: number): void {
    const { kind, payload, priority = priorityOfKind(kind) } = record;
    if (payload.length > PAYLOAD_BYTES_MAX) {
      throw new PitwallError('PW-WIRE-MESSAGE', {
        what: `A ${kind} of ${payload.length} bytes; AWS IoT takes ${PAYLOAD_BYTES_MAX}.`,
      });
    }
    this.#pending.push({ ...record, timeMs, priority });
  }

  /** Empties the batch, by priority. */
  *take(): Generator<BatchPart> {
    const all = this.#pending;
    this.#pending = [];
    for (const priority of PRIORITIES) {
      const records = all.filter((each) => each.priority === priority);
      if (records.length > 0) yield { priority, records, bytes: this.#encode(records) };
    }
  }

  #encode(records: readonly Pending[]): Uint8Array {
    let bytes = 0;
    for (const { payload } of records) bytes += RECORD_HEADER_BYTES + payload.length;
    if (bytes > this.#scratch.length) this.#scratch = new Uint8Array(2 * bytes);
    let at = 0;
    for (const record of records) at = encodeRecord(this.#scratch, at, record);
    return this.#scratch.subarray(0, at);
  }
}

/** The entries of a part that was just appended to a segment. */
export function entriesOf({ records, bytes }: BatchPart, segment: Segment): JournalEntry[] {
  let at = segment.bytes - bytes.length;
  return records.map(({ seq, kind, payload, timeMs }) => {
    const offset = at + RECORD_HEADER_BYTES;
    const { length } = payload;
    at = offset + length;
    return { seq, kind, family: familyOfKind(kind), segment, offset, length, timeMs, payload, holders: 0, waiting: 0 };
  });
}
