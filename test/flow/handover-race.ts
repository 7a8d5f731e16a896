/**
 * A race on a stream that is split and merged, with an archive beside it that lags and a retention that trims, for one seed.
 * Records come a few at a time, some twice; whoever reads is driven from outside.
 */
import { raceArchive } from '#cloud/archive/race-archive.js';
import { type TurboSource, turbo } from '#cloud/archive/turbo.js';
import { RaceCore } from '#cloud/engine/race-core.js';
import { parseRaceRecord } from '#cloud/engine/records.js';
import { type Consumer, startConsumer } from '#cloud/streams/consumer.js';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { ARCHIVE_THEN_LIVE } from '#cloud/streams/positions.js';
import { isAfter, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { ShardSource, StreamGap, StreamRecord } from '#cloud/streams/source.js';
import { ManualClock, wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { type Random, seededRandom } from '#wire/random.js';
import { LAP_MS, onTheWire, RACE, raceRecords, START_MS } from '../cloud/engine/race-stream.js';
import { FakeKinesis, type FakeRecord } from '../cloud/streams/fake-kinesis.js';
import { MadeArchive } from '../helpers/made-archive.js';

export const STREAM = 'pitwall-race';
const DUPLICATES = 0.05;
const MAX_LEAVES = 6;

interface Leaf {
  shardId: string;
  /** Of keys, by their hash in 0 … 1. */
  from: number;
  to: number;
}

export class HandoverRace {
  readonly kinesis: FakeKinesis;
  readonly archive = new MadeArchive(RACE, START_MS - LAP_MS);
  readonly random: Random;
  readonly clock = new ManualClock(START_MS);
  readonly #wire: StreamRecord[];
  #put = 0;
  #shards = 0;
  #leaves: Leaf[] = [];
  readonly #archived = new Map<string, number>();
  #archiving: Promise<void> | undefined;
  splits = 0;
  merges = 0;
  trimmed = 0;
  duplicates = 0;

  constructor(seed: number, { cars, laps }: { cars: number; laps: number }) {
    this.random = seededRandom(seed);
    this.#wire = onTheWire(raceRecords(cars, laps), seed);
    this.kinesis = new FakeKinesis([]);
    this.kinesis.pageSize = 100;
    this.#born({ from: 0, to: 1 }, []);
  }

  get isOver(): boolean {
    return this.#put === this.#wire.length;
  }

  /** Records of the stream so far, duplicates among them. */
  get records(): number {
    return this.#put + this.duplicates;
  }

  /** Part of the race that was put, 0 … 1. */
  get progress(): number {
    return this.#put / this.#wire.length;
  }

  /** Puts some records, some of them twice. */
  put(count: number): void {
    for (let i = 0; i < count && !this.isOver; i++) {
      const { partitionKey, data } = this.#wire[this.#put++];
      const { shardId } = this.#leaves.find(({ to }) => keyAt(partitionKey) < to)!;
      this.clock.advance(20);
      this.kinesis.arrivalMs = this.clock.nowMs();
      this.kinesis.put(shardId, partitionKey, data);
      if (this.random() >= DUPLICATES) continue;
      this.duplicates++;
      this.kinesis.put(shardId, partitionKey, data);
    }
  }

  reshard(): void {
    const at = Math.floor(this.random() * this.#leaves.length);
    const leaf = this.#leaves[at];
    const next = this.#leaves[at + 1];
    if (next && this.random() < 0.4) {
      this.merges++;
      this.kinesis.close(leaf.shardId);
      this.kinesis.close(next.shardId);
      this.#born({ from: leaf.from, to: next.to }, [leaf.shardId, next.shardId]);
    } else if (this.#leaves.length < MAX_LEAVES) {
      this.splits++;
      const middle = leaf.from + (leaf.to - leaf.from) * (0.3 + 0.4 * this.random());
      this.kinesis.close(leaf.shardId);
      this.#born({ from: leaf.from, to: middle }, [leaf.shardId]);
      this.#born({ from: middle, to: leaf.to }, [leaf.shardId]);
    }
  }

  /** Archives a part of what is new in each shard, a shard only after its parents, as its archiver would: one at a time. */
  archiveSome(): Promise<void> {
    this.#archiving ??= this.#archiveSome().finally(() => {
      this.#archiving = undefined;
    });
    return this.#archiving;
  }

  async #archiveSome(): Promise<void> {
    for (const [shardId, { parents, records, closed }] of this.kinesis.shards) {
      if (parents.some((parent) => !this.archive.hasEnded(STREAM, parent))) continue;
      const done = this.#archived.get(shardId) ?? 0;
      const fresh = records.filter(({ sequence }) => sequence > done);
      const count = Math.floor(fresh.length * (0.4 + 0.7 * this.random()));
      const taken = fresh.slice(0, count);
      const shard = this.archive.shard(STREAM, shardId, parents);
      if (taken.length > 0) {
        await this.archive.append(STREAM, shardId, taken.map(toRecord), parents);
        this.#archived.set(shardId, taken[taken.length - 1].sequence);
      }
      shard.ended = closed && taken.length === fresh.length;
    }
    this.archive.commit();
  }

  /** What is archived goes past its retention, and closed shards that nobody reads any more with it. */
  trim(isRead: (shardId: string) => boolean): void {
    for (const [shardId, shard] of this.kinesis.shards) {
      const upTo = this.#archived.get(shardId) ?? 0;
      const before = shard.horizon;
      this.kinesis.trim(shardId, upTo - Math.floor(4 * this.random()));
      this.trimmed += shard.horizon - before;
      const isEmpty = shard.horizon === shard.records.length;
      if (isEmpty && isRead(shardId) && this.archive.hasEnded(STREAM, shardId)) this.kinesis.shards.delete(shardId);
    }
  }

  live(): ShardSource {
    return kinesisPolling({ client: this.kinesis.client, streamName: STREAM, maxRecords: 40 });
  }

  turbo(): TurboSource {
    const archive = raceArchive({ reader: this.archive.reader, race: RACE, stream: STREAM });
    return turbo({ archive, live: this.live(), raceClock: this.clock, random: this.random });
  }

  #born({ from, to }: Omit<Leaf, 'shardId'>, parents: string[]): void {
    const shardId = `shardId-${String(this.#shards++).padStart(12, '0')}`;
    this.kinesis.addShard(shardId, parents);
    this.#leaves = this.#leaves.filter((leaf) => !parents.includes(leaf.shardId));
    this.#leaves = [...this.#leaves, { shardId, from, to }].sort((a, b) => a.from - b.from);
  }
}

/** One reader with its state, which commits as the engine does: state and positions together. */
export class Reader {
  core = new RaceCore();
  readonly gaps: StreamGap[] = [];
  readonly failures: string[] = [];
  /** Sequence numbers of what is folded. */
  read = new Set<string>();
  #committed = { core: JSON.stringify(this.core), read: [...this.read] };
  #consumer: Consumer | undefined;

  start(source: ShardSource): void {
    this.core = new RaceCore(JSON.parse(this.#committed.core));
    this.read = new Set(this.#committed.read);
    const { core, read } = this;
    this.#consumer = startConsumer({
      source,
      positions: core.positions,
      initial: source.hasArchive ? ARCHIVE_THEN_LIVE : TRIM_HORIZON,
      pollMs: 1,
      idlePollMs: 2,
      onRecords: async ({ shardId, records, ended }) => {
        for (const record of records) {
          if (!isAfter(record, core.positions[shardId] ?? TRIM_HORIZON)) continue;
          const parsed = parseRaceRecord(record);
          const open = core.opens(parsed);
          if (open) core.begin(open);
          core.take(shardId, record, parsed);
          read.add(record.sequenceNumber);
        }
        if (ended) core.endShard(shardId);
      },
      onGap: (gap) => this.gaps.push(gap),
      onFailure: ({ message }) => this.failures.push(message),
      log: silentLog,
      wallClock,
      raceClock: wallClock,
      random: seededRandom(1),
    });
  }

  commit(): void {
    this.#committed = { core: JSON.stringify(this.core), read: [...this.read] };
  }

  get isRunning(): boolean {
    return this.#consumer !== undefined;
  }

  /** As if the process died: what was folded since the last commit is gone. */
  async crash(): Promise<void> {
    await this.#consumer?.stop();
  }
}

function toRecord({ sequence, key, data, arrivalMs }: FakeRecord): StreamRecord {
  return { sequenceNumber: String(sequence), partitionKey: key, data, arrivalMs };
}

function keyAt(key: string): number {
  let hash = 7;
  for (const letter of key) hash = (hash * 31 + letter.charCodeAt(0)) % 1_009;
  return hash / 1_009;
}
