/**
 * The tables of a race of forty cars: read whole by parallel queries, one lap of the field by the index; and what a lap as a
 * primary key (date, type, lap) costs when the whole field writes to it, beside cars as keys.
 */
import { BatchWriteItemCommand, DynamoDBClient, type WriteRequest } from '@aws-sdk/client-dynamodb';
import { createKinesisClient } from '#cloud/clients.js';
import { lapsRow } from '#cloud/engine/rows.js';
import { provision } from '#cloud/provision.js';
import { tables } from '#cloud/resources.js';
import { toItem } from '#cloud/streams/item.js';
import { eventKeys, lapOfField, queryKeys, raceKeys } from '#cloud/tables/queries.js';
import { CREDENTIALS, REGION, startAwsServer } from './aws-server.js';
import { type Figure, round } from './figure.js';

const CARS = Array.from({ length: 40 }, (_, i) => String(i + 1));
const LAPS = 60;
const STOPS = 5;
const LAP_MS = 90_000;
const START_MS = Date.UTC(2026, 10, 21, 13);
const ROUNDS = 5;
const BATCH = 25;
/** Rows a second that the field writes about its present lap: 40 cars, 50 a second each. */
const FIELD_ROWS_PER_S = 2_000;
const HOT_SECONDS = 5;
/** What a new table on demand takes has room for all of them; a single key gets 1,000. */
const HOT_TABLE = 'laps';

export async function tableFigures(): Promise<Figure[]> {
  const server = await startAwsServer();
  const config = { region: REGION, credentials: CREDENTIALS };
  const dynamodb = new DynamoDBClient({ ...config, endpoint: server.url });
  const kinesis = await createKinesisClient({ ...config, endpoints: { kinesis: server.url } });
  try {
    await provision({ dynamodb, kinesis }, { streams: {}, tables });
    await write(dynamodb, tables.laps.name, raceRows());
    await write(dynamodb, tables.events.name, eventRows());
    return [...(await readFigures(dynamodb)), await hotKeyFigure(dynamodb)];
  } finally {
    dynamodb.destroy();
    kinesis.destroy();
    await server.kill();
  }
}

type Row = Parameters<typeof toItem>[0];

function raceRows(): Row[] {
  return CARS.flatMap((car, i) => {
    const at = (lap: number) => START_MS + lap * LAP_MS + i * 700;
    const laps = Array.from({ length: LAPS }, (_, n) => {
      const facts = { lapTimeMs: LAP_MS + (n % 900), position: i + 1, flag: 'green', inLap: false, outLap: false };
      return lapsRow('bench', 'lap', car, at(n + 1), n + 1, facts);
    });
    const stops = Array.from({ length: STOPS }, (_, n) => {
      const lap = (n + 1) * 10;
      return lapsRow('bench', 'stop', car, at(lap), lap, { inMs: at(lap), laneTimeMs: 31_000, boxTimeMs: 12_000 });
    });
    return [...laps, ...stops];
  });
}

/** What the rules write of each car: its own laps. */
function eventRows(): Row[] {
  return CARS.flatMap((car) =>
    Array.from({ length: LAPS }, (_, n) => {
      const eventTimeMs = START_MS + (n + 1) * LAP_MS;
      const keys = { pk: `20261121#lap#car-${car}`, sk: `${eventTimeMs}#${n}` };
      return { ...keys, type: 'lap', thing: `car-${car}`, eventTimeMs, lapHint: n, lapTimeMs: LAP_MS };
    }),
  );
}

async function write(dynamodb: DynamoDBClient, table: string, rows: Row[]): Promise<void> {
  for (let from = 0; from < rows.length; from += BATCH) {
    let left: WriteRequest[] = rows.slice(from, from + BATCH).map((row) => ({ PutRequest: { Item: toItem(row) } }));
    while (left.length > 0) {
      const answer = await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [table]: left } }));
      left = answer.UnprocessedItems?.[table] ?? [];
    }
  }
}

async function readFigures(dynamodb: DynamoDBClient): Promise<Figure[]> {
  const span = { fromMs: START_MS, toMs: START_MS + LAPS * LAP_MS };
  const things = CARS.map((car) => `car-${car}`);
  const whole = async () => {
    const laps = queryKeys(dynamodb, tables.laps.name, raceKeys('bench', CARS, ['lap', 'stop']));
    const events = queryKeys(dynamodb, tables.events.name, eventKeys(span, ['lap'], things));
    return (await Promise.all([laps, events])).flat(2).length;
  };
  const rows = CARS.length * (LAPS + STOPS + LAPS);
  const lap = async () => (await lapOfField(dynamodb, 'bench', 30)).length;
  return [
    await timed(`tables, a whole race of ${CARS.length} cars, ${rows} rows`, whole, rows),
    await timed('tables, one lap of the field by the index', lap, CARS.length),
  ];
}

async function timed(name: string, read: () => Promise<number>, rows: number): Promise<Figure> {
  const times: number[] = [];
  for (let r = 0; r <= ROUNDS; r++) {
    const startMs = performance.now();
    const found = await read();
    if (found !== rows) throw new Error(`${name}: ${found} rows.`);
    if (r > 0) times.push(performance.now() - startMs);
  }
  const best = Math.min(...times);
  return { name, unit: 'ms', value: round(best, 1), spread: round((Math.max(...times) - best) / best) };
}

/** Share of rows that are refused when the field writes about one lap, each second's rows at an even pace. */
async function hotKeyFigure(dynamodb: DynamoDBClient): Promise<Figure> {
  const refusedBy = async (pkOf: (car: string) => string) => {
    let refused = 0;
    let sent = 0;
    const startMs = performance.now();
    const calls: Promise<void>[] = [];
    for (let n = 0; n < FIELD_ROWS_PER_S * HOT_SECONDS; n += BATCH) {
      const waitMs = startMs + (n * 1000) / FIELD_ROWS_PER_S - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      const requests = Array.from({ length: BATCH }, (_, i) => {
        const car = CARS[(n + i) % CARS.length];
        const item = { pk: pkOf(car), sk: `${START_MS + n + i}#${car}`, text: 'x'.repeat(100) };
        return { PutRequest: { Item: toItem(item) } };
      });
      sent += BATCH;
      const call = dynamodb
        .send(new BatchWriteItemCommand({ RequestItems: { [tables[HOT_TABLE].name]: requests } }))
        .then(
          ({ UnprocessedItems }) => {
            refused += UnprocessedItems?.[tables[HOT_TABLE].name]?.length ?? 0;
          },
          () => {
            refused += BATCH;
          },
        );
      calls.push(call);
    }
    await Promise.all(calls);
    return (refused / sent) * 100;
  };
  const byCar = await refusedBy((car) => `hot#lap#${car}`);
  const byLap = await refusedBy(() => '20261121#lap#30');
  return {
    name: `tables, rows refused at ${FIELD_ROWS_PER_S}/s of one lap, cars as keys`,
    unit: '%',
    value: round(byCar, 1),
    spread: 0,
    peer: { name: 'date, type and lap as the key', value: round(byLap, 1) },
    ratio: byLap === 0 ? 0 : round(byCar / byLap),
  };
}
