import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { ChannelTables } from '#cloud/reduce/channel-tables.js';
import type { StreamResource, TableResource } from '#cloud/resources.js';
import { type AckPublisher, type AckStats, startAckPublisher } from '#cloud/streams/acks.js';
import { backOffMs, pause } from '#cloud/streams/back-off.js';
import type { ConsumerStats } from '#cloud/streams/consumer.js';
import type { DeadLetterStore } from '#cloud/streams/dead-letters.js';
import { acquireLease, type Lease } from '#cloud/streams/lease.js';
import type { ShardPosition } from '#cloud/streams/shard-graph.js';
import { createSnapshotStore } from '#cloud/streams/snapshots.js';
import type { StreamKey, TableKey } from '#rules/catalog.js';
import type { Clock, RaceClock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Family } from '#wire/messages.js';
import type { Random } from '#wire/random.js';
import { ArchiveState } from './archive-state.js';
import { type ArchiveCounters, ArchiveTerm, FAMILY } from './archive-term.js';
import { ARCHIVE_KEY, Ledger } from './ledger.js';
import type { Manifest } from './manifest.js';
import type { ArchiveStore } from './objects.js';

export interface ArchiverOptions {
  kinesis: KinesisClient;
  dynamodb: DynamoDBClient;
  iotData: IoTDataPlaneClient;
  /** The bucket; see `s3Store`. */
  store: ArchiveStore;
  resources: { streams: Record<StreamKey, StreamResource>; tables: Record<TableKey, TableResource> };
  /** Names the process in the lease; unique per process and start. */
  owner: string;
  /** Takes aggregates that contradict themselves; without it they are named in the log. */
  deadLetters?: DeadLetterStore;
  /** Wall time between polls of a shard. Default 1 s: the archiver shares five reads a second with all others. */
  pollMs?: number;
  /** A segment is cut when its first record has waited so long, wall ms, or when so much waits. Defaults 4 s, 8 MiB. */
  segmentAgeMs?: number;
  segmentBytes?: number;
  /** What may be read and not archived yet; beyond it reading waits. Default 32 MiB. */
  pendingBytes?: number;
  /** Told of each manifest when it is written: of a race that goes on, and of one that is closed and to be exported. */
  onManifest?(manifest: Manifest): void;
  raceClock: RaceClock;
  wallClock: Clock;
  random: Random;
  log: Log;
}

export interface ArchiverStats extends ArchiveCounters {
  role: 'standby' | 'active';
  /** 0 on standby. */
  fence: number;
  race: string | null;
  /** The session's close is archived. */
  closed: boolean;
  /** Unique frames in committed segments. */
  archivedByBoot: Record<string, Record<string, number>>;
  /** By stream name and shard. */
  marks: Record<string, Record<string, ShardPosition>>;
  /** Read and not archived yet. */
  waitingBytes: number;
  lagMs: number;
  acks: Record<Family, AckStats>;
  streams: Record<StreamKey, ConsumerStats> | null;
}

export interface Archiver {
  stats(): ArchiverStats;
  /** How far behind the streams, wall ms at the present rate of the race clock. */
  lagMs(): number;
  /** Archives what was read by now. For tests and for a drain. */
  commit(): Promise<void>;
  /** Stops reading, archives what was read, acknowledges it, lets the lease go. */
  stop(): Promise<void>;
}

/** For the last commit of a stop. */
const CLOSE_MS = 10_000;
const RETRY = { firstMs: 250, lastMs: 5_000 };

/**
 * The tailer of all streams (decision 16): the only writer of segments and of the contiguous marks, and so the only one who
 * knows what is durable; therefore it alone tells the agents (decision 3). One at a time by the lease `archive`; a second
 * one waits.
 *
 * @example
 * const archiver = await startArchiver({ kinesis, dynamodb, iotData, store: s3Store(s3, bucket), resources, owner, raceClock, wallClock, random, log });
 * await archiver.stop();
 */
export async function startArchiver(options: ArchiverOptions): Promise<Archiver> {
  return new RunningArchiver(options);
}

class RunningArchiver implements Archiver {
  readonly #options: ArchiverOptions;
  readonly #acks: Readonly<Record<Family, AckPublisher>>;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  readonly #counters: ArchiveCounters = {
    records: 0,
    dataBytes: 0,
    objectBytes: 0,
    objects: 0,
    commits: 0,
    commitsFailed: 0,
    waits: 0,
    unacknowledged: {},
    manifests: 0,
    manifestsFailed: 0,
  };
  #state = new ArchiveState(new ChannelTables([]));
  #lease: Lease | undefined;
  #term: ArchiveTerm | undefined;

  constructor(options: ArchiverOptions) {
    const { iotData, log, wallClock, raceClock } = options;
    this.#options = options;
    this.#acks = {
      frames: startAckPublisher({ iotData, family: 'frames', log, wallClock, raceClock }),
      race: startAckPublisher({ iotData, family: 'race', log, wallClock, raceClock }),
    };
    this.#loop = this.#run();
  }

  stats(): ArchiverStats {
    const { book, marks } = this.#state;
    const streams = this.#term?.streams() ?? null;
    const places: ArchiverStats['marks'] = {};
    for (const { stream, shardId, mark } of marks.values()) {
      places[stream] ??= {};
      places[stream][shardId] = mark;
    }
    return {
      ...this.#counters,
      unacknowledged: { ...this.#counters.unacknowledged },
      role: this.#term ? 'active' : 'standby',
      fence: this.#lease?.fence ?? 0,
      race: book.race?.race ?? null,
      closed: book.race?.closed ?? false,
      archivedByBoot: this.#state.framesByBoot(),
      marks: places,
      waitingBytes: this.#term?.waitingBytes ?? 0,
      lagMs: this.lagMs(),
      acks: { frames: this.#acks.frames.stats(), race: this.#acks.race.stats() },
      streams,
    };
  }

  lagMs(): number {
    const raceMs = Math.max(0, ...Object.values(this.#term?.streams() ?? {}).map(({ lagMs }) => lagMs));
    const { rate } = this.#options.raceClock;
    return rate > 0 ? raceMs / rate : raceMs;
  }

  async commit(): Promise<void> {
    await this.#term?.commit();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await Promise.all([this.#acks.frames.stop(), this.#acks.race.stop()]);
  }

  async #run(): Promise<void> {
    const { dynamodb, resources, owner, log, wallClock, random } = this.#options;
    const { signal } = this.#stop;
    const tableName = resources.tables.state.name;
    let failures = 0;
    while (!signal.aborted) {
      this.#lease = await acquireLease({ dynamodb, tableName, key: ARCHIVE_KEY, owner, log, wallClock }, signal);
      if (!this.#lease) return;
      try {
        const term = await this.#begin(this.#lease);
        failures = 0;
        this.#term = term;
        await firstOf(signal, term.over);
        await term.close(CLOSE_MS);
      } catch (error) {
        failures++;
        log.error('The archiver cannot go on; it begins again.', { code: errorCode(error) });
        await pause(backOffMs(failures, RETRY, random), signal);
      } finally {
        this.#term = undefined;
        await this.#lease.release();
        this.#lease = undefined;
      }
    }
  }

  async #begin(lease: Lease): Promise<ArchiveTerm> {
    const { dynamodb, resources, store, log } = this.#options;
    const tableName = resources.tables.state.name;
    const ledger = new Ledger({ dynamodb, tableName });
    const snapshots = createSnapshotStore({ dynamodb, tableName, key: ARCHIVE_KEY });
    const tables = new ChannelTables([]);
    const { fence } = lease;
    await ledger.claim(fence);
    await tables.load(dynamodb, tableName, ARCHIVE_KEY);
    const families = new Map(
      Object.entries(FAMILY).map(([key, family]) => [resources.streams[key as StreamKey].name, family]),
    );
    const familyOf = (stream: string) => families.get(stream) ?? 'race';
    const state = await ArchiveState.restore({ snapshots, fence, ledger, tables, store, familyOf, log });
    this.#state = state;
    const { acks, counters } = { acks: this.#acks, counters: this.#counters };
    return new ArchiveTerm({ ...this.#options, lease, ledger, snapshots, state, acks, counters });
  }
}

function firstOf(...signals: AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}
