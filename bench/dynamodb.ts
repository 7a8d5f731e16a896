/**
 * Tables through the stock client, beside bare dynalite: BatchWriteItem and PutItem, without a stream and with one that has both
 * images. Each server is a process of its own, on disk; all get the same calls in turn, round by round.
 */
import { rmSync } from 'node:fs';
import {
  type AttributeValue,
  BatchWriteItemCommand,
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  type StreamViewType,
} from '@aws-sdk/client-dynamodb';
import { startDynalite } from '../test/helpers/table-peers.js';
import { benchFolder, CREDENTIALS, REGION, startAwsServer } from './aws-server.js';
import { type Figure, round } from './figure.js';

const ROUNDS = 5;
const CALLERS = 4;
const BATCH = 25;
const BATCHED = 5_000;
const SINGLE = 1_000;
/** A table as AWS has it takes 4,000 writes a second: here it is the server that is measured. */
const UNTHROTTLED = {
  partitionWriteUnits: 1e9,
  partitionReadUnits: 1e9,
  onDemandWriteUnits: 1e9,
  onDemandReadUnits: 1e9,
};

interface Contender {
  dynamodb: DynamoDBClient;
  table: string;
}

export async function dynamodbFigures(): Promise<Figure[]> {
  const folder = benchFolder();
  const servers = [await startAwsServer({ tableLimits: UNTHROTTLED }), await startDynalite(folder)];
  try {
    const [ours, dynalite] = servers.map(
      ({ url: endpoint }) => new DynamoDBClient({ region: REGION, credentials: CREDENTIALS, endpoint }),
    );
    const contenders: Contender[] = [
      { dynamodb: ours, table: 'plain' },
      { dynamodb: ours, table: 'streamed' },
      { dynamodb: dynalite, table: 'plain' },
    ];
    await createTable(ours, 'plain');
    await createTable(ours, 'streamed', 'NEW_AND_OLD_IMAGES');
    await createTable(dynalite, 'plain');
    const figures = [
      ...(await compare('dynamodb BatchWriteItem, items', contenders, writeBatches)),
      ...(await compare('dynamodb PutItem', contenders, writeItems)),
    ];
    ours.destroy();
    dynalite.destroy();
    return figures;
  } finally {
    for (const server of servers) await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function createTable(
  dynamodb: DynamoDBClient,
  TableName: string,
  StreamViewType?: StreamViewType,
): Promise<void> {
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      StreamSpecification: StreamViewType && { StreamEnabled: true, StreamViewType },
    }),
  );
  const status = async () => (await dynamodb.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus;
  while ((await status()) !== 'ACTIVE') await new Promise((resolve) => setTimeout(resolve, 10));
}

/** A lap, about 1 KB. */
function lap(i: number): Record<string, AttributeValue> {
  return {
    pk: { S: `race#lap#${i % 40}` },
    sk: { S: String(i).padStart(12, '0') },
    lapTimeMs: { N: String(88_000 + (i % 4_000)) },
    sectors: { L: [{ N: '29.1' }, { N: '30.4' }, { N: '28.6' }] },
    pit: { BOOL: i % 20 === 0 },
    trace: { S: 'x'.repeat(850) },
  };
}

async function writeBatches({ dynamodb, table }: Contender, from: number): Promise<number> {
  await together(BATCHED / BATCH, async (i) => {
    const requests = Array.from({ length: BATCH }, (_, n) => ({ PutRequest: { Item: lap(from + i * BATCH + n) } }));
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }));
  });
  return BATCHED;
}

async function writeItems({ dynamodb, table }: Contender, from: number): Promise<number> {
  await together(SINGLE, async (i) => {
    await dynamodb.send(new PutItemCommand({ TableName: table, Item: lap(from + i) }));
  });
  return SINGLE;
}

async function together(count: number, call: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const caller = async () => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

/** Items a second, the best of the rounds: of ours without a stream and with one, each beside dynalite, which is the last contender. */
async function compare(
  name: string,
  contenders: Contender[],
  work: (contender: Contender, from: number) => Promise<number>,
): Promise<Figure[]> {
  const rates = contenders.map((): number[] => []);
  // The first round warms everything up and does not count.
  for (let r = 0; r <= ROUNDS; r++) {
    for (const [i, contender] of contenders.entries()) {
      const startMs = performance.now();
      const items = await work(contender, r * BATCHED);
      if (r > 0) rates[i].push((items * 1_000) / (performance.now() - startMs));
    }
  }
  const best = rates.map((each) => Math.max(...each));
  const peer = { name: 'dynalite', value: round(best[2], 0) };
  return [name, `${name}, with a stream`].map((title, i) => ({
    name: title,
    unit: '/s',
    value: round(best[i], 0),
    spread: round((best[i] - Math.min(...rates[i])) / best[i]),
    peer,
    ratio: round(best[i] / best[2]),
  }));
}
