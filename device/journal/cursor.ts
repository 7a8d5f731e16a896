import type { Files } from '../files.js';
import type { Boot } from '../wire/identity.js';
import type { Family } from '../wire/messages.js';
import { type Range, RangeSet } from '../wire/ranges.js';
import type { RecordKind } from './record.js';
import type { Segment } from './segment.js';

/** One journaled record, shared by all destinations. */
export interface JournalEntry {
  readonly seq: number;
  readonly kind: RecordKind;
  readonly family: Family;
  /** Where its payload stands; another place after its segment was thinned out. */
  segment: Segment;
  offset: number;
  length: number;
  /** Race-clock epoch ms of the append. */
  readonly timeMs: number;
  /** Kept while a destination is to send it for the first time; read back from the segment after. */
  payload: Uint8Array | null;
  /** Destinations that may still send it from memory. */
  holders: number;
  /** Destinations that have not acknowledged it yet. */
  waiting: number;
}

/** `unsent`: waits for its turn. `inFlight`: published, no PUBACK yet. `sent`: PUBACK came. `freed`: acknowledged end to end, or dropped. */
export type DeliveryState = 'unsent' | 'inFlight' | 'sent' | 'freed';

/** An entry on its way to one destination. */
export interface Delivery {
  readonly entry: JournalEntry;
  state: DeliveryState;
  /** Times it was published. */
  attempts: number;
  /** Sends it from memory; false once that was done, or its turn was missed. */
  holds: boolean;
}

interface BootLog {
  boot: Boot;
  /** Acknowledged or dropped; what is not here and in a segment is sent (again) after a restart. */
  settled: Record<Family, RangeSet>;
  /** By seq, ascending unless `mixed`. */
  unacked: Record<Family, Map<number, Delivery>>;
  /** Recovered from several files in turn. */
  mixed: boolean;
  /** Of the record that was added last. */
  lastSeq: number;
}

const FAMILIES: readonly Family[] = ['frames', 'race'];

interface StoredCursor {
  v: 1;
  boots: Record<string, Record<Family, Range[]>>;
}

/** How far one destination has acknowledged, per boot and family. Kept on disk; an older version only means resends. */
export class Cursor {
  readonly name: string;
  /** Called for each new record once it is written. */
  onDelivery: ((delivery: Delivery) => void) | undefined;
  /** Not acknowledged end to end. */
  unackedCount = 0;
  /** Of these, never published or not answered by the broker. */
  unsentCount = 0;
  readonly #files: Files;
  readonly #path: string;
  readonly #boots = new Map<string, BootLog>();
  readonly #stored: StoredCursor['boots'];
  #dirty = false;

  constructor(name: string, path: string, files: Files) {
    this.name = name;
    this.#path = path;
    this.#files = files;
    this.#stored = storedIn(files.text(path));
  }

  /** Makes a boot known, so that acknowledgements of its records count before these are read. */
  know(bootText: string, boot: Boot): void {
    this.#log(bootText, boot);
  }

  /** Whether the destination had acknowledged this record before the restart. */
  isSettled(bootText: string, boot: Boot, family: Family, seq: number): boolean {
    return this.#log(bootText, boot).settled[family].has(seq);
  }

  add(entry: JournalEntry): Delivery {
    const delivery: Delivery = { entry, state: 'unsent', attempts: 0, holds: entry.payload !== null };
    if (delivery.holds) entry.holders++;
    const log = this.#log(entry.segment.bootText, entry.segment.boot);
    if (entry.seq < log.lastSeq) log.mixed = true;
    log.lastSeq = entry.seq;
    log.unacked[entry.family].set(entry.seq, delivery);
    this.unackedCount++;
    this.unsentCount++;
    return delivery;
  }

  /** Its bytes are read back from now on; the last holder lets go of them. */
  letGo(delivery: Delivery): void {
    if (!delivery.holds) return;
    delivery.holds = false;
    if (--delivery.entry.holders === 0) delivery.entry.payload = null;
  }

  /** Notes how far a delivery is; `freed` is the cursor's own to say. */
  mark(delivery: Delivery, state: Exclude<DeliveryState, 'freed'>): void {
    if ((delivery.state === 'sent') !== (state === 'sent')) this.unsentCount += state === 'sent' ? -1 : 1;
    delivery.state = state;
  }

  /**
   * Takes an end-to-end acknowledgement; `onFreed` gets every delivery that it frees. Numbers in a range that belong to
   * the other family are not touched. Ranges of a boot that the journal has nothing of say nothing new.
   */
  acknowledge(bootText: string, family: Family, ranges: readonly Range[], onFreed: (delivery: Delivery) => void): void {
    const log = this.#boots.get(bootText);
    if (!log) return;
    const acked = new RangeSet(ranges);
    let news = 0;
    for (const [from, to] of ranges) news += log.settled[family].add(from, to);
    // Also without news: an ack may have been written to disk and the segment not yet removed.
    const { max } = acked;
    for (const [seq, delivery] of log.unacked[family]) {
      if (seq > max && !log.mixed) break;
      if (acked.has(seq)) this.#free(log, delivery, onFreed);
    }
    if (news > 0) this.#dirty = true;
  }

  /** What a segment still holds, by family in order of seq. */
  *held(segment: Segment): Generator<Delivery> {
    const log = this.#boots.get(segment.bootText);
    if (!log) return;
    for (const family of FAMILIES) {
      for (const delivery of log.unacked[family].values()) if (delivery.entry.segment === segment) yield delivery;
    }
  }

  /**
   * Gives up what a segment still holds; `onFreed` gets each. `whole`: all that this boot has in the journal is known, so
   * that nothing unknown can stand between two of them.
   */
  drop(segment: Segment, whole: boolean, onFreed: (delivery: Delivery) => void): void {
    const log = this.#boots.get(segment.bootText);
    if (!log) return;
    for (const family of FAMILIES) {
      const held: Delivery[] = [];
      // What stands between two of them is dropped with them or was acknowledged before, if it does not wait in another
      // segment. As one range they leave no hole for each number of the other family.
      let run: Range | undefined;
      for (const [seq, delivery] of log.unacked[family]) {
        if (delivery.entry.segment === segment) {
          held.push(delivery);
          if (run && whole && !log.mixed) run[1] = seq;
          else {
            if (run) log.settled[family].add(...run);
            run = [seq, seq];
          }
        } else if (run) {
          log.settled[family].add(...run);
          run = undefined;
        }
      }
      if (run) log.settled[family].add(...run);
      for (const delivery of held) this.#free(log, delivery, onFreed);
      this.#dirty ||= held.length > 0;
    }
  }

  /** Gives up one record. */
  dropOne(delivery: Delivery, onFreed: (delivery: Delivery) => void): void {
    const log = this.#boots.get(delivery.entry.segment.bootText);
    if (!log || delivery.state === 'freed') return;
    log.settled[delivery.entry.family].add(delivery.entry.seq);
    this.#dirty = true;
    this.#free(log, delivery, onFreed);
  }

  /** Unacknowledged deliveries, oldest boot first, in order of seq. */
  *unacked(): Generator<Delivery> {
    const logs = [...this.#boots.values()].sort((a, b) => a.boot.counter - b.boot.counter);
    for (const { unacked } of logs) {
      const all = [...unacked.frames.values(), ...unacked.race.values()];
      yield* all.sort((a, b) => a.entry.seq - b.entry.seq);
    }
  }

  /** Race-clock epoch ms of the oldest unacknowledged record: one of the first of each boot and family. */
  oldestTimeMs(): number | undefined {
    let oldestMs: number | undefined;
    for (const { unacked } of this.#boots.values()) {
      for (const family of FAMILIES) {
        const first = unacked[family].values().next().value;
        if (first && (oldestMs === undefined || first.entry.timeMs < oldestMs)) oldestMs = first.entry.timeMs;
      }
    }
    return oldestMs;
  }

  /** Writes the cursor if it changed. `keep` = boots that still have a segment; the others are forgotten. */
  save(keep: ReadonlySet<string>, durable: boolean): void {
    if (!this.#dirty) return;
    const boots: StoredCursor['boots'] = {};
    for (const [text, { settled }] of this.#boots) {
      if (keep.has(text)) boots[text] = { frames: settled.frames.toJSON(), race: settled.race.toJSON() };
      else this.#boots.delete(text);
    }
    this.#files.replace(this.#path, `${JSON.stringify({ v: 1, boots } satisfies StoredCursor)}\n`, durable);
    this.#dirty = false;
  }

  #log(text: string, boot: Boot): BootLog {
    let log = this.#boots.get(text);
    if (!log) {
      const stored = this.#stored[text];
      log = {
        boot,
        settled: { frames: new RangeSet(stored?.frames), race: new RangeSet(stored?.race) },
        unacked: { frames: new Map(), race: new Map() },
        mixed: false,
        lastSeq: 0,
      };
      this.#boots.set(text, log);
    }
    return log;
  }

  #free(log: BootLog, delivery: Delivery, onFreed: (delivery: Delivery) => void): void {
    log.unacked[delivery.entry.family].delete(delivery.entry.seq);
    this.unackedCount--;
    if (delivery.state !== 'sent') this.unsentCount--;
    this.letGo(delivery);
    delivery.state = 'freed';
    onFreed(delivery);
  }
}

/** A cursor that cannot be read means that everything still in the segments is sent again: duplicates, never a loss. */
function storedIn(text: string | undefined): StoredCursor['boots'] {
  if (text === undefined) return {};
  try {
    const stored = JSON.parse(text) as Partial<StoredCursor>;
    return stored.v === 1 && stored.boots ? stored.boots : {};
  } catch {
    return {};
  }
}
