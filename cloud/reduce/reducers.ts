import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { SamplePoints } from '#cloud/dashboard/view.js';
import { fanOutNames, type StreamResource, type TableResource } from '#cloud/resources.js';
import { type Consumer, type ConsumerStats, startConsumer } from '#cloud/streams/consumer.js';
import { type DeadLetterStore, loggedDeadLetters } from '#cloud/streams/dead-letters.js';
import { pushedRecords } from '#cloud/streams/kinesis-records.js';
import { createProducer, type Producer } from '#cloud/streams/producer/producer.js';
import type { ProducerStats } from '#cloud/streams/producer/stats.js';
import { type RefusedCounters, RefusedRecords } from '#cloud/streams/refused-records.js';
import { positionBehind, SHARD_END, type ShardPosition } from '#cloud/streams/shard-graph.js';
import type { ShardBatch } from '#cloud/streams/shard-reader.js';
import { createSnapshotStore, type SnapshotStore } from '#cloud/streams/snapshots.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import type { StreamKey, TableKey } from '#rules/catalog.js';
import type { Clock, RaceClock } from '#wire/clock.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { LapChannelsRecord } from '#wire/race-records.js';
import type { Random } from '#wire/random.js';
import { FrameIntake, type FrameIntakeJson, type RefusedFrame } from './frame-intake.js';
import { overlaps, type Slot, SlotFilter } from './slots.js';

export interface ReducersOptions {
  kinesis: KinesisClient;
  dynamodb: DynamoDBClient;
  resources: { streams: Record<StreamKey, StreamResource>; tables: Record<TableKey, TableResource> };
  raceClock: RaceClock;
  wallClock: Clock;
  random: Random;
  log: Log;
  /** Points for the screen, one call for each frame that is the newest of its thing. */
  hub?: (points: SamplePoints) => void;
  /** Channels whose points go to the hub. */
  displayChannels: string[];
  /** Whose frames: the durable state is `reducers#<slot>`. */
  slot: Slot;
  /** Of the slot's lease; without one an earlier process under the same slot is fenced by the start itself. */
  fence?: number;
  /** Takes what cannot be used; without it each is named in the log. */
  deadLetters?: DeadLetterStore;
}

/** The two streams that carry frames; both are read by whoever owns a thing. */
export type FrameStream = 'framesLive' | 'framesBackfill';
const FRAME_STREAMS: readonly FrameStream[] = ['framesLive', 'framesBackfill'];

export interface ReducersStats {
  /** Unique frames folded, also by earlier runs on the same state. */
  consumed: number;
  consumedByBoot: Record<string, Record<string, number>>;
  duplicatesDropped: number;
  /** Frames that wait for their channel table, and those refused because too many did. */
  parked: number;
  parkedRefused: number;
  /** By reason; `refused` says where they went. */
  quarantined: Record<string, number>;
  refused: Record<FrameStream, RefusedCounters>;
  amendments: number;
  /** Numbers given up because a boot had too many holes. */
  holesClosed: number;
  bootsForgotten: number;
  tables: number;
  commits: number;
  commitsFailed: number;
  fenced: boolean;
  lapsTold: number;
  lapsDropped: number;
  /** At rate 1 only, else null. */
  sampleToState: { count: number; p50: number | null; p99: number | null } | null;
  lagMs: number;
  producer: ProducerStats;
  streams: Record<FrameStream, ConsumerStats>;
}

export interface Reducers {
  stats(): ReducersStats;
  /** How far behind the streams, wall ms at the present rate of the race clock. */
  lagMs(): number;
  /** Newest value of each display channel of a thing. */
  latest(thing: string): Readonly<Record<string, number>>;
  /** Commits what is folded; resolves when it is durable. For tests and for a drain. */
  commit(): Promise<void>;
  /** Stops reading, commits. */
  stop(): Promise<void>;
  /** Stops reading; what is not committed is another's to do. */
  abandon(): Promise<void>;
}

/** Wall time between commits: what a restart reads again at most. */
const COMMIT_MS = 2_000;
/** Records folded before the event loop gets a turn; about 10 ms of work. */
const SLICE_RECORDS = 256;
/** Lap records kept while the race stream cannot be written; beyond it the oldest are dropped, counted. */
const MAX_UNTOLD_LAPS = 10_000;

type Positions = Record<FrameStream, Record<string, ShardPosition>>;

interface DurableState {
  version: 1;
  positions: Positions;
  intake: FrameIntakeJson;
}

/**
 * Folds the frames of one slot, from both streams, into the newest state of each thing. Takes its durable state over at
 * the start: an earlier process with the same slot is fenced and stops.
 *
 * @example
 * const reducers = await startReducers({ kinesis, dynamodb, resources, raceClock, wallClock, random, log, displayChannels: ['speed'], slot: slotsOf(1)[0] });
 * reducers.stats().consumed;
 * await reducers.stop();
 */
export async function startReducers(options: ReducersOptions): Promise<Reducers> {
  const { dynamodb, resources, slot, fence } = options;
  const key = `reducers#${slot.key}`;
  const tableName = resources.tables.state.name;
  const store = createSnapshotStore({ dynamodb, tableName, key });
  const claimed = await store.claim(fence);
  const { json } = claimed;
  const stored: DurableState | undefined = json ? JSON.parse(json) : undefined;
  const intake = new FrameIntake(options, stored?.intake);
  await intake.tables.load(dynamodb, tableName, key);
  return new RunningReducers(options, store, key, intake, `${slot.key}.${claimed.fence}`, stored?.positions);
}

class RunningReducers implements Reducers {
  readonly #options: ReducersOptions;
  readonly #store: SnapshotStore;
  readonly #key: string;
  readonly #intake: FrameIntake;
  readonly #mine: SlotFilter;
  readonly #positions: Positions;
  readonly #producer: Producer;
  readonly #refused: Record<FrameStream, RefusedRecords>;
  readonly #consumers: Record<FrameStream, Consumer>;
  readonly #timer: NodeJS.Timeout;
  #untold: LapChannelsRecord[] = [];
  #changed = false;
  #committing: Promise<void> | undefined;
  #fenced = false;
  readonly #counters = { commits: 0, commitsFailed: 0, lapsTold: 0, lapsDropped: 0 };

  constructor(
    options: ReducersOptions,
    store: SnapshotStore,
    key: string,
    intake: FrameIntake,
    boot: string,
    positions: Positions = { framesLive: {}, framesBackfill: {} },
  ) {
    const { kinesis, resources, log, wallClock, raceClock, random } = options;
    this.#options = options;
    this.#store = store;
    this.#key = key;
    this.#intake = intake;
    this.#mine = new SlotFilter(options.slot);
    this.#positions = positions;
    this.#producer = createProducer({
      client: kinesis,
      streamName: resources.streams.race.name,
      aggregate: true,
      boot,
      log,
      wallClock,
      raceClock,
      random,
    });
    this.#refused = { framesLive: this.#refusedOf('framesLive'), framesBackfill: this.#refusedOf('framesBackfill') };
    this.#consumers = { framesLive: this.#read('framesLive'), framesBackfill: this.#read('framesBackfill') };
    this.#timer = setInterval(() => {
      if (!this.#committing) void this.commit();
    }, COMMIT_MS);
    this.#timer.unref();
  }

  latest(thing: string): Readonly<Record<string, number>> {
    return this.#intake.latest(thing);
  }

  lagMs(): number {
    const raceMs = Math.max(...FRAME_STREAMS.map((stream) => this.#consumers[stream].stats().lagMs));
    const { rate } = this.#options.raceClock;
    return rate > 0 ? raceMs / rate : raceMs;
  }

  stats(): ReducersStats {
    const intake = this.#intake;
    const { count } = intake.latency;
    const consumedByBoot: ReducersStats['consumedByBoot'] = {};
    let consumed = 0;
    for (const { thing, boot, unique } of intake.seen) {
      consumedByBoot[thing] ??= {};
      consumedByBoot[thing][boot] = unique;
      consumed += unique;
    }
    return {
      consumed,
      consumedByBoot,
      duplicatesDropped: intake.duplicates,
      parked: intake.parking.frames,
      parkedRefused: intake.parking.refused,
      quarantined: { ...intake.quarantined },
      refused: {
        framesLive: { ...this.#refused.framesLive.counters },
        framesBackfill: { ...this.#refused.framesBackfill.counters },
      },
      amendments: intake.amendments,
      holesClosed: intake.seen.holesClosed,
      bootsForgotten: intake.seen.bootsForgotten,
      tables: intake.tables.size,
      ...this.#counters,
      fenced: this.#fenced,
      sampleToState:
        count > 0 ? { count, p50: intake.latency.quantile(0.5), p99: intake.latency.quantile(0.99) } : null,
      lagMs: this.lagMs(),
      producer: this.#producer.stats(),
      streams: {
        framesLive: this.#consumers.framesLive.stats(),
        framesBackfill: this.#consumers.framesBackfill.stats(),
      },
    };
  }

  async commit(): Promise<void> {
    // One at a time; who asks while one runs gets one that holds all that is folded now.
    while (this.#committing) await this.#committing;
    if (!this.#changed || this.#fenced) return;
    this.#committing = this.#commit().finally(() => {
      this.#committing = undefined;
    });
    await this.#committing;
  }

  async stop(): Promise<void> {
    await this.#stopReading();
    await this.commit();
    await this.#close();
  }

  async abandon(): Promise<void> {
    await this.#stopReading();
    await this.#committing;
    await this.#close();
  }

  async #stopReading(): Promise<void> {
    clearInterval(this.#timer);
    for (const stream of FRAME_STREAMS) this.#refused[stream].stop();
    await Promise.all(FRAME_STREAMS.map((stream) => this.#consumers[stream].stop()));
  }

  async #close(): Promise<void> {
    await this.#producer.close();
  }

  #refusedOf(stream: FrameStream): RefusedRecords {
    const { resources, log, deadLetters = loggedDeadLetters(log), random } = this.#options;
    return new RefusedRecords({ stream: resources.streams[stream].name, deadLetters, log, random });
  }

  #read(stream: FrameStream): Consumer {
    const { kinesis, resources, slot, log, wallClock, raceClock, random } = this.#options;
    const { deadLetters = loggedDeadLetters(log) } = this.#options;
    return startConsumer({
      source: pushedRecords({
        client: kinesis,
        streamName: resources.streams[stream].name,
        consumerName: fanOutNames.reducers(slot.key),
        deadLetters,
        raceClock,
        random,
        log,
      }),
      shards: (shard) => overlaps(slot, shard),
      positions: this.#positions[stream],
      onRecords: (batch) => this.#fold(stream, batch),
      deadLetters,
      log,
      wallClock,
      raceClock,
      random,
    });
  }

  async #fold(stream: FrameStream, { shardId, records, ended }: ShardBatch): Promise<void> {
    const positions = this.#positions[stream];
    for (let i = 0; i < records.length; i++) {
      if (this.#mine.has(records[i].partitionKey)) {
        this.#intake.take(records[i]);
        for (const refused of this.#intake.takeRefused()) {
          if (!(await this.#putAside(stream, shardId, records[i], refused))) return;
        }
      }
      // With each record, so that a commit between two slices is whole.
      positions[shardId] = positionBehind(records[i]);
      if (i % SLICE_RECORDS === SLICE_RECORDS - 1) await nextTurn();
    }
    if (ended) positions[shardId] = SHARD_END;
    this.#changed = true;
  }

  #putAside(stream: FrameStream, shardId: string, at: StreamRecord, refused: RefusedFrame): Promise<boolean> {
    const { partitionKey, data, reason, message } = refused;
    return this.#refused[stream].put(shardId, { ...at, partitionKey, data }, reason, message);
  }

  async #commit(): Promise<void> {
    const { dynamodb, resources, log } = this.#options;
    this.#changed = false;
    // Everything up to the first await is one moment: state, positions and ranges agree.
    this.#untold.push(...this.#intake.takeFinishedLaps());
    const state: DurableState = { version: 1, positions: this.#positions, intake: this.#intake.toJSON() };
    const json = JSON.stringify(state);
    try {
      await this.#intake.tables.save(dynamodb, resources.tables.state.name, this.#key);
      await this.#tellLaps();
      await this.#store.save(json);
      this.#counters.commits++;
    } catch (error) {
      this.#counters.commitsFailed++;
      this.#changed = true;
      if (error instanceof PitwallError && error.code === 'PW-STATE-FENCED') this.#endFenced(error);
      else log.warn('The reducers could not commit; it is tried again.', { code: errorCode(error) });
    }
  }

  /** Before the commit that marks them as told: a crash in between tells them twice, never not at all. */
  async #tellLaps(): Promise<void> {
    const laps = this.#untold;
    const puts = await Promise.allSettled(
      laps.map((lap) => this.#producer.put(lap.thing, Buffer.from(JSON.stringify(lap)))),
    );
    this.#untold = laps.filter((_, i) => puts[i].status === 'rejected');
    this.#counters.lapsTold += laps.length - this.#untold.length;
    const excess = this.#untold.length - MAX_UNTOLD_LAPS;
    if (excess > 0) {
      this.#untold.splice(0, excess);
      this.#counters.lapsDropped += excess;
    }
    const failed = puts.find((put) => put.status === 'rejected');
    if (failed) throw failed.reason;
  }

  #endFenced(error: PitwallError): void {
    this.#fenced = true;
    clearInterval(this.#timer);
    this.#options.log.error(error.message, { ...error.toJSON() });
    for (const stream of FRAME_STREAMS) void this.#consumers[stream].stop();
  }
}
