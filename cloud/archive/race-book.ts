import type { ChannelTables } from '#cloud/reduce/channel-tables.js';
import { type ShardPosition, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { SessionClose, SessionOpen } from '#wire/race-records.js';
import type { LedgerObject, LedgerStep, ShardMark } from './ledger.js';
import { type ArchivedShard, countsOf, type Manifest } from './manifest.js';

/** The race that was begun last, as the archiver's state keeps it. */
export interface RaceJson {
  race: string;
  closed: boolean;
  fromMs: number;
  toMs: number | null;
}

export interface RaceBookJson {
  race: RaceJson | null;
  /** By stream and shard: running number of the first object that is kept, and the place before it. */
  from: Record<string, Record<string, { running: number; behind: ShardPosition }>>;
}

/**
 * What a manifest has of the time before its session was opened: cars are switched on in the garage. By arrival, race ms: a
 * car's own clock may not be set yet. Older objects stay in the ledger and in the manifests of the races before.
 */
const PRE_RACE_MS = 30 * 60_000;
/** Objects of a shard that are kept while no race is open; beyond it the oldest are left to the ledger. */
const MAX_IDLE_OBJECTS = 5_000;

/** A session that a person opened or closed, and when the stream took it, race-clock epoch ms. */
export interface ArrivedSession {
  session: SessionOpen | SessionClose;
  arrivalMs: number;
}

interface KeptShard extends Pick<ArchivedShard, 'behind'> {
  mark: ShardMark;
  objects: LedgerObject[];
}

/** The objects that belong to the race of the day, and its manifest. Changed by what is committed, and by nothing else. */
export class RaceBook {
  race: RaceJson | null = null;
  readonly #shards = new Map<string, KeptShard>();

  /** A shard as the ledger has it, with the objects from `RaceBookJson.from` on. */
  restore(mark: ShardMark, objects: LedgerObject[], behind: ShardPosition): void {
    this.#shards.set(`${mark.stream} ${mark.shardId}`, { mark, objects, behind });
  }

  /** A session in the order of the race stream. True when the manifest has to be written at once. */
  session({ session, arrivalMs }: ArrivedSession): boolean {
    const { type, race, eventTimeMs } = session;
    if (type === 'open') {
      if (this.race && (this.race.race === race || eventTimeMs <= this.race.fromMs)) return false;
      this.race = { race, closed: false, fromMs: eventTimeMs, toMs: null };
      this.#forgetBefore(arrivalMs - PRE_RACE_MS);
      return true;
    }
    if (this.race?.race !== race || this.race.closed) return false;
    this.race = { ...this.race, closed: true, toMs: eventTimeMs };
    return true;
  }

  step({ to, object }: LedgerStep): void {
    const key = `${to.stream} ${to.shardId}`;
    const kept = this.#shards.get(key) ?? { mark: to, objects: [], behind: TRIM_HORIZON };
    kept.mark = to;
    if (object) kept.objects.push(object);
    if (!this.race) forget(kept, kept.objects.length - MAX_IDLE_OBJECTS);
    this.#shards.set(key, kept);
  }

  /** Undefined when there is no race yet. */
  manifest(fence: number, tables: ChannelTables): Omit<Manifest, 'version'> | undefined {
    if (!this.race) return undefined;
    const streams: Manifest['streams'] = {};
    const hashes = new Set<string>();
    for (const { mark, objects, behind } of this.#shards.values()) {
      const { stream, shardId, parents, ended, gaps } = mark;
      for (const object of objects) for (const hash of object.tables) hashes.add(hash);
      const listed = objects.map(({ tables: _tables, arrivedMs: _arrivedMs, ...object }) => object);
      streams[stream] ??= {};
      streams[stream][shardId] = { parents, behind, mark: mark.mark, ended, objects: listed, gaps };
    }
    const { race, closed, fromMs, toMs } = this.race;
    const known = [...hashes].sort().flatMap((hash) => {
      const channels = tables.get(hash)?.table.channels;
      return channels ? [[hash, channels] as const] : [];
    });
    const counts = countsOf(streams);
    return { v: 1, race, fence, closed, fromMs, toMs, counts, tables: Object.fromEntries(known), streams };
  }

  toJSON(): RaceBookJson {
    const from: RaceBookJson['from'] = {};
    for (const { mark, objects, behind } of this.#shards.values()) {
      from[mark.stream] ??= {};
      from[mark.stream][mark.shardId] = { running: objects[0]?.runningFrom ?? mark.running + 1, behind };
    }
    return { race: this.race, from };
  }

  /** Objects before the first that arrived after `ms`: what is kept has no hole. Shards of which nothing is kept go. */
  #forgetBefore(ms: number): void {
    for (const [key, kept] of this.#shards) {
      const first = kept.objects.findIndex(({ arrivedMs }) => arrivedMs >= ms);
      forget(kept, first < 0 ? kept.objects.length : first);
      if (kept.mark.ended && kept.objects.length === 0) this.#shards.delete(key);
    }
  }
}

function forget(kept: KeptShard, count: number): void {
  const last = kept.objects.splice(0, Math.max(0, count)).at(-1);
  if (last) kept.behind = last.lastSequence;
}
