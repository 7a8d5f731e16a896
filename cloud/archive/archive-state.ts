import type { ChannelTables } from '#cloud/reduce/channel-tables.js';
import type { CommittedBoot } from '#cloud/streams/acks.js';
import { Seen, type SeenJson } from '#cloud/streams/seen.js';
import { TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { SnapshotStore } from '#cloud/streams/snapshots.js';
import type { Log } from '#wire/log.js';
import type { Family } from '#wire/messages.js';
import { identify, type SentBy } from './identify.js';
import type { Ledger, LedgerObject, ShardMark } from './ledger.js';
import type { ArchiveStore } from './objects.js';
import { RaceBook, type RaceBookJson } from './race-book.js';
import { type ArchiveDamage, decodeObject } from './reader.js';

interface StateJson {
  v: 1;
  /** Running numbers up to which records are in `seen` and `book`, by stream and shard. */
  running: Record<string, Record<string, number>>;
  seen: Record<Family, SeenJson[]>;
  book: RaceBookJson;
}

export interface RestoreOptions {
  snapshots: SnapshotStore;
  fence: number;
  ledger: Ledger;
  /** As they are stored. */
  tables: ChannelTables;
  store: ArchiveStore;
  /** The family of a stream's records. */
  familyOf(stream: string): Family;
  log: Log;
}

/**
 * All that an archiver knows of what is committed. What is stored of it may be older than the ledger: then the objects in
 * between are read again, so it follows from the ledger alone (decision 8, with the archive in the stream's place).
 */
export class ArchiveState {
  readonly seen: Record<Family, Seen>;
  readonly book = new RaceBook();
  readonly marks = new Map<string, ShardMark>();

  readonly tables: ChannelTables;

  constructor(tables: ChannelTables, stored?: StateJson) {
    this.tables = tables;
    this.seen = { frames: new Seen(stored?.seen.frames), race: new Seen(stored?.seen.race) };
  }

  /** Takes the state over under a fence. Raises PW-STATE-FENCED, or what the SDK raises. */
  static async restore(options: RestoreOptions): Promise<ArchiveState> {
    const { snapshots, fence, ledger, familyOf } = options;
    const { json } = await snapshots.claim(fence);
    const stored: StateJson | undefined = json ? JSON.parse(json) : undefined;
    const state = new ArchiveState(options.tables, stored);
    state.book.race = stored?.book.race ?? null;
    for (const mark of await ledger.shards()) {
      const { stream, shardId } = mark;
      state.marks.set(keyOf(mark), mark);
      const known = stored?.running[stream]?.[shardId] ?? 0;
      const from = stored?.book.from[stream]?.[shardId] ?? { running: known + 1, behind: TRIM_HORIZON };
      const objects = await ledger.objects(stream, shardId, from.running);
      state.book.restore(mark, objects, from.behind);
      for (const object of objects) {
        if (object.runningFrom > known) await state.#foldAgain(options, object, familyOf(stream));
      }
    }
    return state;
  }

  mark(stream: string, shardId: string): ShardMark | undefined {
    return this.marks.get(`${stream} ${shardId}`);
  }

  setMark(mark: ShardMark): void {
    this.marks.set(keyOf(mark), mark);
  }

  /**
   * Marks a record as archived. False for a frame whose channel table is not: nobody could read it, so its agent is to keep
   * it, and sends it again.
   */
  fold({ family, thing, boot, prev, seq, tableHash }: SentBy): boolean {
    if (tableHash !== undefined && !this.tables.get(tableHash)) return false;
    this.seen[family].mark(thing, boot, prev, seq, family === 'race' || tableHash !== undefined);
    return true;
  }

  /** All that is committed of a boot: what its agent is told. */
  committedOf({ family, thing, boot }: SentBy): CommittedBoot {
    return { thing, boot, ranges: this.seen[family].get(thing, boot)?.ranges.toJSON() ?? [] };
  }

  /** Unique frames that are archived, per thing and boot. */
  framesByBoot(): Record<string, Record<string, number>> {
    const frames: Record<string, Record<string, number>> = {};
    for (const { thing, boot, unique } of this.seen.frames) {
      frames[thing] ??= {};
      frames[thing][boot] = unique;
    }
    return frames;
  }

  toJSON(): StateJson {
    const running: StateJson['running'] = {};
    for (const { stream, shardId, running: last } of this.marks.values()) {
      running[stream] ??= {};
      running[stream][shardId] = last;
    }
    const { frames, race } = this.seen;
    return { v: 1, running, seen: { frames: frames.toJSON(), race: race.toJSON() }, book: this.book.toJSON() };
  }

  /** What of an object cannot be read counts as not archived: its agents send it again, if they have it. */
  async #foldAgain({ store, log }: RestoreOptions, object: LedgerObject, family: Family): Promise<void> {
    const tell = ({ part, from, what, lost }: ArchiveDamage) =>
      log.error('A committed object is damaged.', { key: object.key, part, from, what, lost });
    for await (const records of decodeObject(object, await store.get(object.key), tell)) {
      for (const record of records) {
        const { sentBy, session } = identify(record, family);
        if (sentBy) this.fold(sentBy);
        if (session) this.book.session({ session, arrivalMs: record.arrivalMs });
      }
    }
  }
}

function keyOf({ stream, shardId }: Pick<ShardMark, 'stream' | 'shardId'>): string {
  return `${stream} ${shardId}`;
}
