import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import { Faults } from '../faults.js';
import type { JsonService } from '../json-service.js';
import { withCallRates } from './call-rates.js';
import { Catalog } from './catalog.js';
import { consumerOperations } from './consumer-operations.js';
import type { KinesisContext, KinesisCounters } from './context.js';
import { KINESIS_LIMITS, type KinesisLimits } from './limits.js';
import { readOperations } from './read-operations.js';
import { scalingOperations } from './scaling-operations.js';
import { shardOperations } from './shard-operations.js';
import { type Durability, openLmdbStore } from './store.js';
import { streamOperations } from './stream-operations.js';
import { Subscriptions } from './subscriptions.js';
import { writeOperations } from './write-operations.js';

/** How often records past their retention are looked for; wall time, as it bounds work and not meaning. */
const SWEEP_INTERVAL_MS = 1_000;
/** Which members a client that speaks CBOR gets as bytes and as times. */
const CBOR_MEMBERS = {
  blobs: new Set(['Data']),
  timestamps: new Set(['ApproximateArrivalTimestamp', 'ConsumerCreationTimestamp', 'StreamCreationTimestamp']),
};
const DATA_OPERATIONS: ReadonlySet<string> = new Set(['PutRecord', 'PutRecords', 'GetRecords', 'GetShardIterator']);

export interface KinesisOptions {
  folder: string;
  durability: Durability;
  region: string;
  accountId: string;
  limits?: Partial<KinesisLimits>;
  /** How long a stream is CREATING or UPDATING, race ms. */
  statusDelayMs?: number;
  /** Faults that only the service can make. Default none. */
  faults?: Faults;
  raceClock: Clock;
  wallClock: Clock;
  log: Log;
}

export interface KinesisService extends JsonService {
  counters(): KinesisCounters;
}

/** Opens the store and serves the streams in it. */
export function openKinesis(options: KinesisOptions): KinesisService {
  const { folder, durability, region, accountId, faults = new Faults(), raceClock, wallClock, log } = options;
  const limits = { ...KINESIS_LIMITS, ...options.limits };
  const store = openLmdbStore(folder, durability);
  const catalog = new Catalog({
    store,
    limits,
    raceClock,
    region,
    accountId,
    statusDelayMs: options.statusDelayMs ?? 0,
  });
  const counters = { recordsIn: 0, recordsOut: 0, recordsThrottled: 0, batchesTrimmed: 0 };
  const onRecords = (count: number) => {
    counters.recordsOut += count;
  };
  const subscriptions = new Subscriptions({ catalog, limits, raceClock, wallClock, onRecords });
  const context: KinesisContext = {
    catalog,
    store,
    limits,
    raceClock,
    region,
    accountId,
    counters,
    faults,
    subscriptions,
  };

  let sweeping: Promise<void> | undefined;
  const sweep = async () => {
    try {
      counters.batchesTrimmed += await catalog.sweep();
    } catch (error) {
      log.error('local kinesis: trimming failed', { cause: String(error) });
    }
    sweeping = undefined;
  };
  const timer = setInterval(() => {
    sweeping ??= sweep();
  }, SWEEP_INTERVAL_MS);
  timer.unref();

  return {
    signingName: 'kinesis',
    targetPrefix: 'Kinesis_20131202',
    contentType: 'application/x-amz-json-1.1',
    cbor: CBOR_MEMBERS,
    errorNamespace: '',
    authFailureStatus: 403,
    crc32: false,
    throttleCode: (operation) =>
      DATA_OPERATIONS.has(operation) ? 'ProvisionedThroughputExceededException' : 'LimitExceededException',
    operations: withCallRates(
      {
        ...streamOperations(context),
        ...shardOperations(context),
        ...scalingOperations(context),
        ...writeOperations(context),
        ...readOperations(context),
        ...consumerOperations(context),
      },
      context,
    ),
    counters: () => ({ ...counters, subscriptions: subscriptions.count }),
    close: async () => {
      subscriptions.close();
      clearInterval(timer);
      await sweeping;
      await store.close();
    },
  };
}
