/** The same work for every stand-in for Kinesis, through the same client. */
import {
  CreateStreamCommand,
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  PutRecordCommand,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { CREDENTIALS, REGION } from './aws-server.js';

export const SHARDS = 4;
export const BATCH = 500;
const CALLERS = 4;
const RECORD_BYTES = 1_024;
const POLL_MS = 5;

/** HTTP/1.1 for all: neither peer can serve the client's default. */
export function clientOf(url: string): KinesisClient {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const requestHandler = new NodeHttpHandler();
  return new KinesisClient({ region: REGION, credentials: CREDENTIALS, endpoint: url, requestHandler });
}

export async function createStream(client: KinesisClient, StreamName: string): Promise<void> {
  await client.send(new CreateStreamCommand({ StreamName, ShardCount: SHARDS }));
  for (;;) {
    const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamName }));
    if (StreamDescription!.StreamStatus === 'ACTIVE') return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

const Data = Buffer.alloc(RECORD_BYTES, 'telemetry ');
/** Keys as those of cars: they spread over all shards. */
const RECORDS = Array.from({ length: BATCH }, (_, i) => ({ PartitionKey: `car-${i}`, Data }));

/** Records a second, by PutRecords of `BATCH`. */
export function putAll(client: KinesisClient, StreamName: string, records: number): Promise<number> {
  return perSecond(records / BATCH, BATCH, async () => {
    const { FailedRecordCount } = await client.send(new PutRecordsCommand({ StreamName, Records: RECORDS }));
    if (FailedRecordCount !== 0) throw new Error(`${FailedRecordCount} records were refused.`);
  });
}

/** Records a second, by PutRecord. */
export function putSingly(client: KinesisClient, StreamName: string, records: number): Promise<number> {
  return perSecond(records, 1, async (i) => {
    await client.send(new PutRecordCommand({ StreamName, PartitionKey: `car-${i}`, Data }));
  });
}

/** Records a second, all shards from their start at once; throws unless there are so many. */
export async function drain(client: KinesisClient, StreamName: string, records: number): Promise<number> {
  const startMs = performance.now();
  const counts = await Promise.all(Array.from({ length: SHARDS }, (_, i) => drainShard(client, StreamName, i)));
  const count = counts.reduce((sum, each) => sum + each, 0);
  if (count !== records) throw new Error(`${count} records were read of ${records}.`);
  return (count * 1_000) / (performance.now() - startMs);
}

async function drainShard(client: KinesisClient, StreamName: string, index: number): Promise<number> {
  const ShardId = `shardId-${String(index).padStart(12, '0')}`;
  const start = { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' as const };
  let { ShardIterator } = await client.send(new GetShardIteratorCommand(start));
  let count = 0;
  for (;;) {
    const { Records, NextShardIterator } = await client.send(new GetRecordsCommand({ ShardIterator }));
    if (Records!.length === 0) return count;
    count += Records!.length;
    ShardIterator = NextShardIterator;
  }
}

async function perSecond(calls: number, recordsEach: number, call: (i: number) => Promise<void>): Promise<number> {
  const startMs = performance.now();
  let next = 0;
  const caller = async () => {
    while (next < calls) await call(next++);
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return (calls * recordsEach * 1_000) / (performance.now() - startMs);
}
