import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import { type DeadLetterStore, loggedDeadLetters } from './dead-letters.js';
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

/** A stream as our consumers read it: by polls within the shards' budgets, aggregates opened. */
export function kinesisRecords(options: KinesisRecordsOptions): UserRecordSource {
  const { client, streamName, raceClock, log, deadLetters = loggedDeadLetters(log) } = options;
  const polled = kinesisPolling({ client, streamName, budgets: kinesisBudgets(raceClock) });
  return userRecords(polled, { deadLetters });
}
