/**
 * `pitwall load`: what share of a table's rate the loader uses, with writes that are refused for their rate as on AWS; and two
 * million rows of long telemetry, by the command, with the memory that its process takes.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { TableLoader } from '#cloud/load/table-loader.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { benchFolder, CREDENTIALS, REGION, startAwsServer } from './aws-server.js';
import { type Figure, round } from './figure.js';
import { writeLongCsv } from './long-csv.js';

const PROVISIONED = 400;
/** Capacity that was not used is kept for 300 s on AWS; kept for 1 s here, a short run shows what the table allows in the long run. */
const BURST_SECONDS = 1;
const SETTLE_MS = 3_000;
const MEASURED_MS = 10_000;
const ROUNDS = 2;
const ROWS = 2_000_000;
const CHILD = fileURLToPath(new URL('./load-process.ts', import.meta.url));

export async function loadFigures(): Promise<Figure[]> {
  return [...(await rateFigures()), ...(await rowFigures())];
}

async function rateFigures(): Promise<Figure[]> {
  const server = await startAwsServer({ tableLimits: { burstSeconds: BURST_SECONDS } });
  const dynamodb = new DynamoDBClient({ region: REGION, credentials: CREDENTIALS, endpoint: server.url });
  try {
    const shares: number[] = [];
    let throttled = 0;
    for (let n = 0; n < ROUNDS; n++) {
      await createTable(dynamodb, `laps-${n}`);
      const measured = await measure(dynamodb, `laps-${n}`);
      shares.push(measured.unitsPerS / PROVISIONED);
      throttled = Math.max(throttled, measured.throttledShare);
    }
    const best = Math.max(...shares);
    return [
      {
        name: `load, share of ${PROVISIONED} write units/s that is used`,
        unit: '%',
        value: round(best * 100, 1),
        spread: round((best - Math.min(...shares)) / best),
      },
      { name: 'load, items throttled meanwhile', unit: '%', value: round(throttled * 100, 1), spread: 0 },
    ];
  } finally {
    dynamodb.destroy();
    await server.kill();
  }
}

async function createTable(dynamodb: DynamoDBClient, TableName: string): Promise<void> {
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      ProvisionedThroughput: { ReadCapacityUnits: 10, WriteCapacityUnits: PROVISIONED },
      AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  const status = async () => (await dynamodb.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus;
  while ((await status()) !== 'ACTIVE') await new Promise((resolve) => setTimeout(resolve, 10));
}

/** A loader that is never told what the table allows: it has to find it. */
async function measure(dynamodb: DynamoDBClient, laps: string) {
  const random = seededRandom(1);
  const loader = new TableLoader({ dynamodb, tableNames: { laps }, log: silentLog, wallClock, random });
  let n = 0;
  const feed = async (ms: number) => {
    const endMs = performance.now() + ms;
    while (performance.now() < endMs) {
      while (loader.hasRoom) loader.put(lapRow(n++));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  await feed(SETTLE_MS);
  const before = loader.stats();
  const startMs = performance.now();
  await feed(MEASURED_MS);
  const after = loader.stats();
  const seconds = (performance.now() - startMs) / 1000;
  await loader.stop();
  const items = after.items - before.items;
  const throttled = after.throttled - before.throttled;
  return { unitsPerS: (after.units - before.units) / seconds, throttledShare: throttled / (items + throttled) };
}

function lapRow(n: number) {
  const item = {
    pk: `practice#lap#${n % 40}`,
    sk: `${1.78e12 + n}#${n}`,
    lapTimeMs: 90_000 + (n % 4_000),
    text: 'x'.repeat(300),
  };
  return { table: 'laps' as const, item };
}

async function rowFigures(): Promise<Figure[]> {
  const server = await startAwsServer();
  const folder = benchFolder();
  try {
    const path = join(folder, 'long.csv');
    await writeLongCsv(path, { rows: ROWS });
    const child = fork(CHILD, [server.url, path, folder], { execArgv: process.execArgv });
    const [{ seconds, rssMb, rows }] = (await once(child, 'message')) as [
      { seconds: number; rssMb: number; rows: number },
    ];
    await once(child, 'close');
    if (rows !== ROWS) throw new Error(`${rows} of ${ROWS} rows were loaded.`);
    return [
      { name: 'load, 2 M rows of long telemetry', unit: 'rows/s', value: round(ROWS / seconds, 0), spread: 0 },
      { name: 'load, 2 M rows, memory (RSS) at most', unit: 'MB', value: round(rssMb, 0), spread: 0 },
    ];
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
