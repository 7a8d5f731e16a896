import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { Faults } from '../faults.js';
import type { JsonService } from '../json-service.js';
import { type Durability, openLmdbStore } from '../kinesis/store.js';
import type { LocalFunctions } from '../lambda/functions.js';
import { Catalog } from './catalog.js';
import type { FirehoseContext } from './context.js';
import { type FirehoseCounters, zeroCounters } from './counters.js';
import { Hoses } from './hoses.js';
import { type FirehoseLimits, firehoseLimits } from './limits.js';
import type { Neighbours } from './neighbours.js';
import { putOperations } from './put-operations.js';
import { streamOperations } from './stream-operations.js';

/** How often buffers are looked at, wall time: at 10 × speed an object is at most a race second late. */
const TICK_MS = 100;
/** What a flush may take: whoever stops a service waits for it. */
const FLUSH_MS = 5_000;

export interface FirehoseOptions {
  folder: string;
  durability: Durability;
  region: string;
  accountId: string;
  limits?: Partial<FirehoseLimits>;
  /** How long a delivery stream is CREATING, race ms. Default 0. */
  statusDelayMs?: number;
  /** What Lambda processors may name. */
  functions: LocalFunctions;
  faults?: Faults;
  raceClock: Clock;
  wallClock: Clock;
  random: Random;
  log: Log;
}

export interface FirehoseService extends JsonService {
  /** Delivers and reads sources from now on; before, records are accepted and kept. */
  start(neighbours: Neighbours): Promise<void>;
  /** Everything that waits is due at once, from now on. Resolves when it is delivered, or after `FLUSH_MS`. */
  flush(): Promise<void>;
  /** Ends what `start` began; what is under way is waited for. */
  stop(): Promise<void>;
  counters(): FirehoseCounters;
}

/** Opens the store and serves the delivery streams in it. Raises PW-LOCAL-STORE. */
export function openFirehose(options: FirehoseOptions): FirehoseService {
  const {
    folder,
    durability,
    region,
    accountId,
    functions,
    faults = new Faults(),
    raceClock,
    wallClock,
    random,
    log,
  } = options;
  const limits = { ...firehoseLimits(region), ...options.limits };
  const store = openLmdbStore(folder, durability);
  const counters = zeroCounters();
  let neighbours: Neighbours | undefined;
  const context: FirehoseContext = {
    store,
    catalog: new Catalog(store),
    functions,
    neighbours: () => {
      if (neighbours === undefined) throw new Error('Firehose was not started.');
      return neighbours;
    },
    limits,
    counters,
    statusDelayMs: options.statusDelayMs ?? 0,
    region,
    accountId,
    raceClock,
    wallClock,
    random,
    log,
  };
  const hoses = new Hoses(context);
  let timer: NodeJS.Timeout | undefined;
  const stop = async () => {
    clearInterval(timer);
    await hoses.stop();
  };
  return {
    signingName: 'firehose',
    targetPrefix: 'Firehose_20150804',
    contentType: 'application/x-amz-json-1.1',
    errorNamespace: '',
    authFailureStatus: 403,
    crc32: false,
    throttleCode: (operation) =>
      operation.startsWith('Put') ? 'ServiceUnavailableException' : 'LimitExceededException',
    operations: { ...streamOperations(hoses), ...putOperations(hoses, { limits, faults, accountId }) },
    start: async (given) => {
      neighbours = given;
      await hoses.start();
      timer = setInterval(() => hoses.tick(), TICK_MS);
      timer.unref();
    },
    flush: () => hoses.flush(wallClock, FLUSH_MS),
    stop,
    counters: () => ({ ...counters }),
    close: async () => {
      await stop();
      await store.close();
    },
  };
}
