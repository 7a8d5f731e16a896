import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { kinesisBudgets } from '#cloud/streams/read-budget.js';
import type { Clock } from '#wire/clock.js';
import { type EventSource, toSourceRecord } from './event-source.js';
import type { RecordFilter } from './filter.js';

export interface KinesisSourceOptions {
  client: KinesisClient;
  arn: string;
  streamName: string;
  region: string;
  accountId: string;
  filter: RecordFilter;
  /** The clock that the stream counts its reads by. */
  raceClock: Clock;
}

/** A reader that has caught up asks once a second: five of these. */
const POLL_MS = 200;
/** Lambda takes up to 10,000 records of a poll. */
const MAX_RECORDS = 10_000;

/** A stream: records as Lambda hands them to a function; what a KPL has put together stays together, as there. */
export function kinesisSource(options: KinesisSourceOptions): EventSource {
  const { client, arn, streamName, region, accountId, filter, raceClock } = options;
  const invokeIdentityArn = `arn:aws:iam::${accountId}:role/pitwall-local`;
  return {
    arn,
    shards: kinesisPolling({ client, streamName, maxRecords: MAX_RECORDS, budgets: kinesisBudgets(raceClock) }),
    pollMs: POLL_MS,
    read: (record, shardId) => {
      const { sequenceNumber, partitionKey, data, arrivalMs } = record;
      const around = { kinesisSchemaVersion: '1.0', partitionKey, sequenceNumber };
      const approximateArrivalTimestamp = Math.round(arrivalMs) / 1_000;
      if (!filter.kinesis({ ...around, approximateArrivalTimestamp }, data)) return { sequenceNumber, skipped: true };
      const base64 = Buffer.from(data.buffer, data.byteOffset, data.length).toString('base64');
      const event = {
        kinesis: { ...around, data: base64, approximateArrivalTimestamp },
        eventSource: 'aws:kinesis',
        eventVersion: '1.0',
        eventID: `${shardId}:${sequenceNumber}`,
        eventName: 'aws:kinesis:record',
        invokeIdentityArn,
        awsRegion: region,
        eventSourceARN: arn,
      };
      return toSourceRecord(record, partitionKey, JSON.stringify(event));
    },
  };
}
