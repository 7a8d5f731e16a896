import { join } from 'node:path';
import type { Files } from '../files.js';
import { errorCode } from '../wire/errors.js';
import type { Log } from '../wire/log.js';
import { Cursor, type JournalEntry } from './cursor.js';
import { familyOfKind, type StoredRecord } from './record.js';
import type { Segment } from './segment.js';

/** How often a changed cursor is written; what a crash loses of it is sent once more. */
const SAVE_MS = 1000;

export interface CursorsOptions {
  dir: string;
  destinations: readonly string[];
  files: Files;
  log: Log;
  /** Boots of which the journal has something, or will have. */
  boots: () => ReadonlySet<string>;
}

/** The cursors of all destinations: a record is held until every one of them has it or gave it up. */
export class Cursors {
  readonly all: readonly Cursor[];
  readonly #options: CursorsOptions;
  #held = 0;
  #saveTimer: NodeJS.Timeout | undefined;

  /** Raises what the file system raises. */
  constructor(options: CursorsOptions) {
    const { dir, destinations, files } = options;
    this.#options = options;
    this.all = destinations.map((name) => new Cursor(name, join(dir, `cursor-${name}.json`), files));
  }

  /** Records in memory that somebody waits for. */
  get held(): number {
    return this.#held;
  }

  /** Makes the boots of segments known, so that acknowledgements of their records count before these are read. */
  know(segments: readonly Segment[]): void {
    for (const { bootText, boot } of segments) for (const cursor of this.all) cursor.know(bootText, boot);
  }

  /** Those whose destination does not have this record of an earlier run. */
  lacking({ bootText, boot }: Segment, { kind, seq }: StoredRecord): Cursor[] {
    const family = familyOfKind(kind);
    return this.all.filter((cursor) => !cursor.isSettled(bootText, boot, family, seq));
  }

  /** Hands a record to cursors, and tells them when all of them have it. */
  hold(entry: JournalEntry, cursors: readonly Cursor[] = this.all): void {
    this.#held++;
    entry.waiting = cursors.length;
    entry.segment.live++;
    const deliveries = cursors.map((cursor) => cursor.add(entry));
    for (const [i, cursor] of cursors.entries()) cursor.onDelivery?.(deliveries[i]);
  }

  /** One destination waits for it no more. True when it was the last. */
  release(entry: JournalEntry): boolean {
    if (--entry.waiting > 0) return false;
    this.#held--;
    entry.segment.live--;
    return true;
  }

  /** Gives up a segment for all of them; `whole` as in `Cursor.drop`. `onDropped`: once for each record somebody waited for. */
  drop(segment: Segment, whole: boolean, onDropped: (entry: JournalEntry) => void): void {
    for (const cursor of this.all) {
      cursor.drop(segment, whole, ({ entry }) => {
        // One record, however many destinations still wait for it.
        if (entry.waiting === 0) return;
        onDropped(entry);
        this.#held--;
        entry.waiting = 0;
      });
    }
  }

  /** What somebody still waits for in a segment. */
  entriesOf(segment: Segment): Set<JournalEntry> {
    const held = this.all.flatMap((cursor) => [...cursor.held(segment)]);
    return new Set(held.map(({ entry }) => entry));
  }

  /** Race-clock epoch ms of the oldest record that is known to lack somewhere. */
  oldestTimeMs(): number | undefined {
    const times = this.all.map((cursor) => cursor.oldestTimeMs()).filter((timeMs) => timeMs !== undefined);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  /** Call after a change: they are written a moment later, together with what else changes until then. */
  saveSoon(): void {
    if (this.#saveTimer) return;
    this.#saveTimer = setTimeout(() => this.save(false), SAVE_MS);
    this.#saveTimer.unref();
  }

  /** What is due to be written is left to the next `save`. */
  cancelSave(): void {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
  }

  /** Writes those that changed, now. */
  save(durable: boolean): void {
    this.cancelSave();
    const { boots, dir, log } = this.#options;
    const keep = boots();
    try {
      for (const cursor of this.all) cursor.save(keep, durable);
    } catch (error) {
      log.error('journal: cursor not saved', { dir, error: errorCode(error) });
    }
  }
}
