import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AckPublisher } from '#cloud/streams/acks.js';
import { backOffMs, pause } from '#cloud/streams/back-off.js';
import { type Consumer, type ConsumerStats, startConsumer } from '#cloud/streams/consumer.js';
import { type DeadLetterStore, loggedDeadLetters } from '#cloud/streams/dead-letters.js';
import { kinesisRecords } from '#cloud/streams/kinesis-records.js';
import type { Lease } from '#cloud/streams/lease.js';
import { SHARD_END, type ShardPosition, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { ShardBatch } from '#cloud/streams/shard-reader.js';
import type { SnapshotStore } from '#cloud/streams/snapshots.js';
import type { StreamKey } from '#rules/catalog.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Family } from '#wire/messages.js';
import type { ArchiveState } from './archive-state.js';
import type { ArchiverOptions } from './archiver.js';
import { Cut } from './cut.js';
import { identify, type SentBy, type Unacknowledged } from './identify.js';
import { type KnownShardSource, knownShards } from './known-shards.js';
import { ARCHIVE_KEY, type Ledger, type ShardMark } from './ledger.js';
import { ManifestFile } from './manifest-file.js';
import type { ArchiveStore } from './objects.js';
import { Pending, type PendingShard } from './pending.js';
import type { ArrivedSession } from './race-book.js';

export interface TermOptions extends ArchiverOptions {
  lease: Lease;
  ledger: Ledger;
  snapshots: SnapshotStore;
  store: ArchiveStore;
  state: ArchiveState;
  acks: Readonly<Record<Family, AckPublisher>>;
  counters: ArchiveCounters;
}

export interface ArchiveCounters {
  records: number;
  /** Bytes of the records' data, and of the objects that they are in. */
  dataBytes: number;
  objectBytes: number;
  objects: number;
  commits: number;
  commitsFailed: number;
  /** Batches that waited because too much was not archived yet. */
  waits: number;
  /** Archived like all others, but acknowledged to nobody; by reason. */
  unacknowledged: Record<string, number>;
  manifests: number;
  manifestsFailed: number;
}

/** Whose acknowledgement a stream's records wait for. */
export const FAMILY: Readonly<Record<StreamKey, Family>> = {
  framesLive: 'frames',
  framesBackfill: 'frames',
  race: 'race',
};
/** Of errors: another has the archive, or the ledger is not where this one thought. */
const ENDS = new Set(['PW-ARCHIVE-FENCED', 'PW-ARCHIVE-CONFLICT', 'PW-STATE-FENCED']);

/** A shard allows five polls a second to all its readers; the archiver is in no hurry. */
const POLL_MS = 1_000;
/** How old a record may get before its segment is cut, wall ms: agents send again after 15 s without acknowledgement. */
const SEGMENT_AGE_MS = 4_000;
/** Nothing new for so long, a poll and a little: the streams are silent, and what waits is cut. */
const SILENT_MS = 1_200;
const SEGMENT_BYTES = 8 * 1_048_576;
/** Not archived yet, of all shards: beyond it nothing more is read. */
const PENDING_BYTES = 32 * 1_048_576;
/** Room for one read ahead, of each stream. */
const AHEAD_BYTES = 16 * 1_048_576;
const TICK_MS = 100;
const SNAPSHOT_MS = 5_000;
const MANIFEST_MS = 10_000;
/** A manifest grows with its race: it is written again after so many times what the last one took. */
const MANIFEST_PAUSE = 20;
const PUTS_AT_A_TIME = 4;
const RETRY = { firstMs: 200, lastMs: 5_000 };
/** Records between two turns of the event loop; some ms of work. */
const SLICE_RECORDS = 256;

/** The time of one archiver under one lease: reads the streams from the ledger's marks and moves these. */
export class ArchiveTerm {
  /** Aborted when the term has ended: fenced, or its lease lost. */
  readonly over: AbortSignal;
  readonly #options: TermOptions;
  readonly #pending = new Pending();
  readonly #over = new AbortController();
  readonly #stop = new AbortController();
  /** By stream name. */
  readonly #sources = new Map<string, KnownShardSource>();
  readonly #consumers: Record<StreamKey, Consumer>;
  readonly #timer: NodeJS.Timeout;
  #sessions: ArrivedSession[] = [];
  #committing: Promise<void> | undefined;
  /** Batches that wait for room. */
  readonly #waiting: (() => void)[] = [];
  /** Of what is being committed. */
  #cutBytes = 0;
  readonly #manifest: ManifestFile;
  #savedMs = 0;
  #isSaved = true;
  #manifestDueMs = 0;
  #isManifestStale: boolean;

  constructor(options: TermOptions) {
    const { lease, wallClock } = options;
    this.#options = options;
    this.over = this.#over.signal;
    this.#savedMs = wallClock.nowMs();
    this.#isManifestStale = options.state.book.race !== null;
    lease.lost.addEventListener('abort', () => this.#end(), { once: true });
    this.#manifest = new ManifestFile(options.store);
    this.#consumers = {
      framesLive: this.#read('framesLive'),
      framesBackfill: this.#read('framesBackfill'),
      race: this.#read('race'),
    };
    this.#timer = setInterval(() => {
      if (this.#isDue()) void this.commit();
    }, TICK_MS);
    this.#timer.unref();
  }

  /** Read and not archived yet. */
  get waitingBytes(): number {
    return this.#pending.bytes + this.#cutBytes;
  }

  streams(): Record<StreamKey, ConsumerStats> {
    const { framesLive, framesBackfill, race } = this.#consumers;
    return { framesLive: framesLive.stats(), framesBackfill: framesBackfill.stats(), race: race.stats() };
  }

  /** Archives all that was read by now. */
  async commit(): Promise<void> {
    while (this.#committing) await this.#committing;
    this.#committing = this.#commit().finally(() => {
      this.#committing = undefined;
    });
    await this.#committing;
  }

  /** Stops reading and archives what was read, if that is done within `withinMs`. What is not is the next one's to read. */
  async close(withinMs: number): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await Promise.all(Object.values(this.#consumers).map((consumer) => consumer.stop()));
    const timer = setTimeout(() => this.#end(), withinMs);
    await this.commit();
    if (!this.over.aborted) await this.#save();
    if (!this.over.aborted) await this.#writeManifest();
    clearTimeout(timer);
    this.#end();
  }

  #end(): void {
    clearInterval(this.#timer);
    this.#over.abort();
    this.#stop.abort();
    this.#makeRoom();
    for (const consumer of Object.values(this.#consumers)) void consumer.stop();
  }

  #read(key: StreamKey): Consumer {
    const { kinesis, resources, state, log, wallClock, raceClock, random, pollMs = POLL_MS } = this.#options;
    const deadLetters: DeadLetterStore = this.#options.deadLetters ?? loggedDeadLetters(log);
    const streamName = resources.streams[key].name;
    const source = knownShards(kinesisRecords({ client: kinesis, streamName, deadLetters, raceClock, log }));
    this.#sources.set(streamName, source);
    const positions: Record<string, ShardPosition> = {};
    for (const { stream, shardId, mark, ended } of state.marks.values()) {
      if (stream === streamName) positions[shardId] = ended ? SHARD_END : mark;
    }
    return startConsumer({
      source,
      positions,
      pollMs,
      idlePollMs: pollMs,
      aheadBytes: AHEAD_BYTES,
      onRecords: (batch) => this.#take(key, batch),
      onGap: (gap) => this.#pending.shard(streamName, gap.shardId, wallClock.nowMs()).addGap(gap),
      log,
      wallClock,
      raceClock,
      random,
    });
  }

  async #take(key: StreamKey, { stream, shardId, records, ended }: ShardBatch): Promise<void> {
    const { wallClock } = this.#options;
    const { tables } = this.#options.state;
    await this.#roomFor();
    for (let from = 0; from < records.length; from += SLICE_RECORDS) {
      // What is left is read again, behind the mark.
      if (this.#stop.signal.aborted) return;
      // A cut may come between two slices: then the rest goes into the next segment.
      const shard = this.#pending.shard(stream, shardId, wallClock.nowMs());
      for (const record of records.slice(from, from + SLICE_RECORDS)) {
        const identified = identify(record, FAMILY[key]);
        this.#pending.add(shard, record, identified);
        if (identified.table) tables.add(identified.table);
        const { session } = identified;
        if (session) this.#sessions.push({ session, arrivalMs: record.arrivalMs });
        if (identified.unacknowledged) this.#countUnacknowledged(identified.unacknowledged);
      }
      await nextTurn();
    }
    if (ended && !this.#stop.signal.aborted) this.#pending.shard(stream, shardId, wallClock.nowMs()).ended = true;
  }

  #countUnacknowledged(reason: Unacknowledged): void {
    const { unacknowledged } = this.#options.counters;
    unacknowledged[reason] = (unacknowledged[reason] ?? 0) + 1;
  }

  async #roomFor(): Promise<void> {
    const { counters, pendingBytes = PENDING_BYTES } = this.#options;
    if (this.waitingBytes >= pendingBytes) counters.waits++;
    while (this.waitingBytes >= pendingBytes && !this.#stop.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  #makeRoom(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #isDue(): boolean {
    const { wallClock, segmentAgeMs = SEGMENT_AGE_MS, segmentBytes = SEGMENT_BYTES } = this.#options;
    if (this.#committing) return false;
    const nowMs = wallClock.nowMs();
    if (this.#pending.isEmpty) return this.#isManifestStale && nowMs >= this.#manifestDueMs;
    const isSilent = nowMs - this.#pending.lastMs >= SILENT_MS;
    const isOld = nowMs - this.#pending.sinceMs >= segmentAgeMs;
    return isSilent || isOld || this.#pending.bytes >= segmentBytes || this.#sessions.length > 0;
  }

  async #commit(): Promise<void> {
    const { state, lease, wallClock } = this.#options;
    // Everything up to the first await is one moment.
    const cuts = this.#pending.take().map((shard) => new Cut(shard, this.#markOf(shard), lease.fence));
    const sessions = this.#sessions;
    this.#sessions = [];
    if (cuts.length > 0) {
      this.#cutBytes = cuts.reduce((sum, { shard }) => sum + shard.bytes, 0);
      const isArchived = await this.#archive(cuts);
      this.#cutBytes = 0;
      this.#makeRoom();
      if (!isArchived) return;
      this.#committed(cuts);
      for (const session of sessions) if (state.book.session(session)) this.#manifestDueMs = 0;
      this.#isManifestStale = state.book.race !== null;
    }
    const nowMs = wallClock.nowMs();
    if (!this.#isSaved && nowMs - this.#savedMs >= SNAPSHOT_MS) await this.#save();
    if (this.#isManifestStale && nowMs >= this.#manifestDueMs) await this.#writeManifest();
  }

  #markOf({ stream, shardId }: PendingShard): ShardMark {
    const parents = this.#sources.get(stream)?.parentsOf(shardId) ?? [];
    const none: ShardMark = { stream, shardId, parents, mark: TRIM_HORIZON, running: 0, ended: false, gaps: [] };
    return this.#options.state.mark(stream, shardId) ?? none;
  }

  /** Segments first, then the ledger. Tried until it is done; false when the term ended before. */
  async #archive(cuts: readonly Cut[]): Promise<boolean> {
    const { store, state, ledger, dynamodb, resources, counters, log, random } = this.#options;
    for (let failures = 1; !this.over.aborted; failures++) {
      try {
        let next = 0;
        const put = async () => {
          while (next < cuts.length) await cuts[next++].put(store, state.tables);
        };
        await Promise.all(Array.from({ length: PUTS_AT_A_TIME }, put));
        await state.tables.save(dynamodb, resources.tables.state.name, ARCHIVE_KEY);
        await ledger.commit(cuts.map(({ step }) => step));
        return true;
      } catch (error) {
        counters.commitsFailed++;
        if (this.#endOn(error)) return false;
        log.warn('The archiver could not commit; it is tried again.', { code: errorCode(error), failures });
        await pause(backOffMs(failures, RETRY, random), this.over);
      }
    }
    return false;
  }

  #committed(cuts: readonly Cut[]): void {
    const { state, acks, counters } = this.#options;
    const heard: Record<Family, Map<string, SentBy>> = { frames: new Map(), race: new Map() };
    for (const { shard, step } of cuts) {
      state.setMark(step.to);
      state.book.step(step);
      for (const sent of shard.sent) {
        if (state.fold(sent)) heard[sent.family].set(`${sent.thing} ${sent.boot}`, sent);
        else this.#countUnacknowledged('unknownTable');
      }
      counters.records += shard.records.length;
      counters.dataBytes += shard.bytes;
      counters.objectBytes += step.object?.bytes ?? 0;
      counters.objects += step.object ? 1 : 0;
    }
    counters.commits++;
    this.#isSaved = false;
    for (const family of ['frames', 'race'] as const) {
      acks[family].committed(Array.from(heard[family].values(), (sent) => state.committedOf(sent)));
    }
  }

  async #save(): Promise<void> {
    const { snapshots, state, wallClock, log } = this.#options;
    this.#savedMs = wallClock.nowMs();
    this.#isSaved = true;
    try {
      await snapshots.save(JSON.stringify(state));
    } catch (error) {
      this.#isSaved = false;
      if (this.#endOn(error)) return;
      log.warn("The archiver's state could not be saved; it is tried again.", { code: errorCode(error) });
    }
  }

  async #writeManifest(): Promise<void> {
    const { state, lease, counters, wallClock, log } = this.#options;
    const manifest = state.book.manifest(lease.fence, state.tables);
    if (!manifest) return;
    const startMs = wallClock.nowMs();
    this.#isManifestStale = false;
    try {
      const written = await this.#manifest.write(manifest);
      counters.manifests++;
      this.#options.onManifest?.(written);
    } catch (error) {
      counters.manifestsFailed++;
      this.#isManifestStale = true;
      if (this.#endOn(error)) return;
      log.warn('A manifest could not be written; it is tried again.', { race: manifest.race, code: errorCode(error) });
    }
    const nowMs = wallClock.nowMs();
    this.#manifestDueMs = nowMs + Math.max(MANIFEST_MS, MANIFEST_PAUSE * (nowMs - startMs));
  }

  /** Whether the error says that this archiver is not the archiver any more. */
  #endOn(error: unknown): boolean {
    const isOver = error instanceof PitwallError && ENDS.has(error.code);
    if (isOver) {
      this.#options.log.error(error.message, { ...error.toJSON() });
      this.#end();
    }
    return isOver;
  }
}
