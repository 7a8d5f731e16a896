import { randomUUID } from 'node:crypto';
import { backOffMs, pause } from '#cloud/streams/back-off.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import type { Batch, DiscardReason } from './batch.js';
import type { Destination } from './destinations.js';
import { eventOf } from './event.js';
import { failureRecord } from './failure-record.js';
import type { Mapping, MappingCounters } from './mapping.js';

export interface FailureTellerOptions {
  mapping: Mapping;
  /** None: nobody is told. */
  destination: Destination | undefined;
  counters: Pick<MappingCounters, 'destinationRecords' | 'destinationFailures'>;
  random: Random;
  log: Log;
}

export interface GivenUp {
  batch: Batch;
  reason: DiscardReason;
  shardId: string;
  streamArn: string;
  /** Race-clock epoch ms. */
  nowMs: number;
}

const TRIES = 5;
const RETRY = { firstMs: 200, lastMs: 2_000 };

/** Tells a mapping's on-failure destination, as often as it takes, up to a bound. */
export class FailureTeller {
  readonly #options: FailureTellerOptions;

  constructor(options: FailureTellerOptions) {
    this.#options = options;
  }

  /** False when it was stopped before anybody was told: the batch comes again after the next start. */
  async tell(givenUp: GivenUp, signal: AbortSignal): Promise<boolean> {
    const { mapping, destination, counters, random, log } = this.#options;
    if (destination === undefined) return true;
    const { batch, shardId, streamArn, nowMs } = givenUp;
    const record = failureRecord({ ...givenUp, functionArn: mapping.functionArn, requestId: randomUUID() });
    const event = eventOf(batch, shardId, streamArn);
    for (let tries = 1; ; tries++) {
      try {
        await destination({ mapping, shardId, record, event, nowMs });
        counters.destinationRecords++;
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        if (tries === TRIES) {
          counters.destinationFailures++;
          log.error('lambda: an on-failure destination cannot be reached', {
            destination: mapping.destination,
            error: String(error),
          });
          return true;
        }
        await pause(backOffMs(tries, RETRY, random), signal);
      }
    }
  }
}
