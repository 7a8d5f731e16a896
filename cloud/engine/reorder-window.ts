import type { Seen } from '#cloud/streams/seen.js';
import type { AgentRecord } from './records.js';

/** How long a record waits for those before it, by the stream's arrival stamps (race clock). */
export const WINDOW_MS = 2_000;
/** Records held per (thing, boot); when full, the lowest goes on without those before it. */
export const WINDOW_RECORDS = 64;

interface HeldRecord {
  record: AgentRecord;
  arrivalMs: number;
}

export interface WindowJson {
  /** Greatest arrival seen. */
  nowMs: number;
  held: HeldRecord[];
}

/**
 * Holds records that came before those that precede them in their boot (`prev` not seen yet), for a bounded time and
 * number, then lets them go on: what comes later still is an amendment (decision 7). Time is the arrival stamped by the
 * stream, not a clock of ours, so that a replay of the stream folds in the very same order.
 */
export class ReorderWindow {
  /** Records that went on with something before them missing. */
  released = 0;
  /** Per (thing, boot), ascending by seq. */
  readonly #held = new Map<string, HeldRecord[]>();
  #nowMs = 0;

  constructor(stored: WindowJson = { nowMs: 0, held: [] }) {
    this.#nowMs = stored.nowMs;
    for (const held of stored.held) this.#insert(held);
  }

  get size(): number {
    let size = 0;
    for (const held of this.#held.values()) size += held.length;
    return size;
  }

  /**
   * Takes in a record that is no duplicate in effect and returns what may be folded now, in order; the caller marks each
   * in `seen` as `fold` is called for it. False when the same record is held already.
   */
  admit(record: AgentRecord, arrivalMs: number, seen: Seen, fold: (record: AgentRecord) => void): boolean {
    const key = keyOf(record);
    if (this.#held.get(key)?.some((held) => held.record.seq === record.seq)) return false;
    this.#insert({ record, arrivalMs });
    this.#drain(key, seen, fold);
    return true;
  }

  /** Lets go what has waited long enough, seen from a record that arrived at `arrivalMs`. */
  advance(arrivalMs: number, seen: Seen, fold: (record: AgentRecord) => void): void {
    if (arrivalMs <= this.#nowMs) return;
    this.#nowMs = arrivalMs;
    for (const key of [...this.#held.keys()]) this.#drain(key, seen, fold);
  }

  toJSON(): WindowJson {
    return { nowMs: this.#nowMs, held: [...this.#held.values()].flat() };
  }

  #insert(held: HeldRecord): void {
    const key = keyOf(held.record);
    const list = this.#held.get(key);
    if (!list) {
      this.#held.set(key, [held]);
      return;
    }
    let at = list.length;
    while (at > 0 && list[at - 1].record.seq > held.record.seq) at--;
    list.splice(at, 0, held);
  }

  #drain(key: string, seen: Seen, fold: (record: AgentRecord) => void): void {
    const list = this.#held.get(key);
    while (list && list.length > 0) {
      const [{ record }] = list;
      const next = record.prev === 0 || seen.has(record.thing, record.boot, record.prev);
      if (!next && !this.#isOverdue(list)) return;
      if (!next) this.released++;
      list.shift();
      fold(record);
    }
    this.#held.delete(key);
  }

  /** The longest wait counts, not that of the lowest: a later arrival below it must not hold the rest up again. */
  #isOverdue(list: readonly HeldRecord[]): boolean {
    if (list.length > WINDOW_RECORDS) return true;
    return list.some(({ arrivalMs }) => this.#nowMs - arrivalMs >= WINDOW_MS);
  }
}

function keyOf({ thing, boot }: AgentRecord): string {
  return `${thing} ${boot}`;
}
