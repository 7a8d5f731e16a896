import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { type DeadLetterStore, loggedDeadLetters } from './dead-letters.js';
import { fanOutConsumer } from './fan-out-consumer.js';
import { kinesisFanOut } from './kinesis-fan-out.js';
import { kinesisPolling } from './kinesis-polling.js';
import { kinesisBudgets } from './read-budget.js';
import { type UserRecordSource, userRecords } from './user-records.js';

export interface KinesisRecordsOptions {
  client: KinesisClient;
  streamName: string;
  /** Takes aggregates that contradict themselves; without it they are named in the log. */
  deadLetters?: DeadLetterStore;
  raceClock: Clock;
  log: Log;
}

/**
 * A stream as tools and a standby read it: by polls within the shards' budgets, aggregates opened. A shard allows five polls
 * a second to all of them together.
 */
export function kinesisRecords(options: KinesisRecordsOptions): UserRecordSource {
  const { client, streamName, raceClock, log, deadLetters = loggedDeadLetters(log) } = options;
  const polled = kinesisPolling({ client, streamName, budgets: kinesisBudgets(raceClock) });
  return userRecords(polled, { deadLetters });
}

export interface PushedRecordsOptions extends KinesisRecordsOptions {
  /** The same for every process that may come to read these shards; one at a time does. */
  consumerName: string;
  random: Random;
}

/**
 * A stream as the race's own readers read it: pushed by enhanced fan-out, aggregates opened. The registration is made by
 * whoever comes first and stays for successors.
 *
 * @example
 * const source = pushedRecords({ client, streamName: 'pitwall-race', consumerName: 'pitwall-engine', raceClock, random, log });
 */
export function pushedRecords(options: PushedRecordsOptions): UserRecordSource {
  const { log, deadLetters = loggedDeadLetters(log) } = options;
  return userRecords(kinesisFanOut({ ...options, consumer: fanOutConsumer(options) }), { deadLetters });
}
