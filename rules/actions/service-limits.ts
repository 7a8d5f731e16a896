import type { BatchLimits } from './batch-queue.js';
import type { Service } from './senders.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Entries that wait for a service which nothing durable depends on, before its actions fail at once. */
const SIDE_QUEUE_ENTRIES = 1_000;

/**
 * What one call takes. Streams, tables and objects carry the product's data: when they are slow, publishers wait. The others
 * have a bound of their own (`entriesMax`), so that a web service that hangs delays nobody but its own actions.
 */
export const SERVICE_LIMITS: Record<Service, BatchLimits> = {
  /** PutRecords: 500 records and 10 MiB; half of the bytes keeps one call short. */
  kinesis: { entries: 500, bytes: 5 * MIB },
  /** PutRecordBatch: 500 records and 4 MiB. */
  firehose: { entries: 500, bytes: 4 * MIB },
  /** BatchWriteItem: 25 writes and 16 MB; 25 results of 128 KiB stay far below it. */
  dynamodb: { entries: 25, bytes: 8 * MIB },
  /** One PutObject each, side by side. */
  s3: { entries: 16, bytes: 4 * MIB },
  /** An asynchronous event has at most 256 KB; each is an Invoke of its own. */
  lambda: { entries: 16, bytes: 4 * MIB, entriesMax: SIDE_QUEUE_ENTRIES },
  republish: { entries: 100, bytes: 4 * MIB, entriesMax: SIDE_QUEUE_ENTRIES },
  /** SendMessageBatch: 10 messages and 256 KiB. */
  sqs: { entries: 10, bytes: 256 * KIB, entriesMax: SIDE_QUEUE_ENTRIES },
  /** PublishBatch: 10 messages and 256 KiB. */
  sns: { entries: 10, bytes: 256 * KIB, entriesMax: SIDE_QUEUE_ENTRIES },
  /** PutMetricData: 1,000 values and 1 MB. */
  cloudwatchMetric: { entries: 1_000, bytes: MIB, entriesMax: SIDE_QUEUE_ENTRIES },
  /** SetAlarmState: one; in order, because the last state counts. */
  cloudwatchAlarm: { entries: 1, bytes: MIB, entriesMax: SIDE_QUEUE_ENTRIES },
  /** PutLogEvents: 10,000 events and 1 MiB. */
  cloudwatchLogs: { entries: 1_000, bytes: MIB, entriesMax: SIDE_QUEUE_ENTRIES },
  /** Requests side by side to one destination. */
  http: { entries: 10, bytes: 2 * MIB, entriesMax: SIDE_QUEUE_ENTRIES },
};
