/** What the tests of table streams share: tables with a stream, and a reader that follows shards to their children. */
import { CreateTableCommand, DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type _Record as Record,
  type Shard,
  type ShardIteratorType,
  type StreamViewType,
} from '@aws-sdk/client-dynamodb-streams';

/** Makes a table with the key `pk`, on demand; resolves with the ARN of its stream. */
export async function createTable(
  dynamodb: DynamoDBClient,
  TableName: string,
  StreamViewType?: StreamViewType,
): Promise<string> {
  const StreamSpecification = StreamViewType && { StreamEnabled: true, StreamViewType };
  const { TableDescription } = await dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      StreamSpecification,
    }),
  );
  await active(dynamodb, TableName);
  return TableDescription!.LatestStreamArn ?? '';
}

export async function active(dynamodb: DynamoDBClient, TableName: string): Promise<void> {
  const status = async () => (await dynamodb.send(new DescribeTableCommand({ TableName }))).Table!.TableStatus;
  while ((await status()) !== 'ACTIVE') await new Promise((resolve) => setTimeout(resolve, 5));
}

/** All shards, page by page. */
export async function shardsOf(streams: DynamoDBStreamsClient, StreamArn: string, Limit?: number): Promise<Shard[]> {
  const shards: Shard[] = [];
  let ExclusiveStartShardId: string | undefined;
  do {
    const { StreamDescription } = await streams.send(
      new DescribeStreamCommand({ StreamArn, Limit, ExclusiveStartShardId }),
    );
    shards.push(...StreamDescription!.Shards!);
    ExclusiveStartShardId = StreamDescription!.LastEvaluatedShardId;
  } while (ExclusiveStartShardId !== undefined);
  return shards;
}

export async function iteratorOf(
  streams: DynamoDBStreamsClient,
  StreamArn: string,
  ShardId: string,
  ShardIteratorType: ShardIteratorType,
  SequenceNumber?: string,
): Promise<string> {
  const request = new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType, SequenceNumber });
  return (await streams.send(request)).ShardIterator!;
}

/** Reads on until a call finds nothing or the shard ends; `next` is undefined at its end. */
export async function drain(
  streams: DynamoDBStreamsClient,
  iterator: string,
): Promise<{ records: Record[]; next: string | undefined; calls: number }> {
  const records: Record[] = [];
  let next: string | undefined = iterator;
  let calls = 0;
  while (next !== undefined) {
    const page: { Records?: Record[]; NextShardIterator?: string } = await streams.send(
      new GetRecordsCommand({ ShardIterator: next }),
    );
    calls++;
    records.push(...page.Records!);
    next = page.NextShardIterator;
    if (page.Records!.length === 0) break;
  }
  return { records, next, calls };
}

/** Everything in the stream, shard by shard, parents first. */
export async function readAll(streams: DynamoDBStreamsClient, StreamArn: string): Promise<Record[]> {
  const records: Record[] = [];
  for (const { ShardId } of await shardsOf(streams, StreamArn)) {
    records.push(...(await drain(streams, await iteratorOf(streams, StreamArn, ShardId!, 'TRIM_HORIZON'))).records);
  }
  return records;
}
