import type { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { tableStream } from '#cloud/streams/table-stream.js';
import type { Clock } from '#wire/clock.js';
import type { Random } from '#wire/random.js';
import type { JsonObject } from '../../json-service.js';
import { type EventSource, toSourceRecord } from './event-source.js';
import type { RecordFilter } from './filter.js';

export interface TableSourceOptions {
  client: DynamoDBStreamsClient;
  arn: string;
  filter: RecordFilter;
  raceClock: Clock;
  random: Random;
}

/** Lambda asks four times a second. */
const POLL_MS = 250;

/** A table's stream: its records are what Lambda hands to a function, as they are. Order is kept for an item. */
export function tableSource({ client, arn, filter, raceClock, random }: TableSourceOptions): EventSource {
  return {
    arn,
    shards: tableStream({ client, streamArn: arn, raceClock, random }),
    pollMs: POLL_MS,
    read: (record) => {
      const { sequenceNumber, partitionKey, data } = record;
      const event = Buffer.from(data.buffer, data.byteOffset, data.length).toString('utf8');
      if (!filter.table(JSON.parse(event) as JsonObject)) return { sequenceNumber, skipped: true };
      return toSourceRecord(record, partitionKey, event);
    },
  };
}
