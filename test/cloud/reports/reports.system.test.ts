/** The tables' own streams drive the aggregates; sheets and models come from the tables, and a sheet reaches a car over HTTP. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BatchWriteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { LocalAws } from '#cloud/local/services.js';
import { ensureTable } from '#cloud/provision.js';
import { type ReportReaders, startReportReaders } from '#cloud/reports/aggregates/readers.js';
import type { LapRow } from '#cloud/reports/lap-row.js';
import { practiceSheets } from '#cloud/reports/practice/sheet.js';
import { fitPriors } from '#cloud/reports/priors.js';
import { readPriors, storePriors } from '#cloud/reports/priors-store.js';
import { readRaceReport } from '#cloud/reports/race-report.js';
import { readRunLaps } from '#cloud/reports/run-laps.js';
import { sendSheet } from '#cloud/reports/send-sheet.js';
import { tables } from '#cloud/resources.js';
import { toItem } from '#cloud/streams/item.js';
import { LocalBus } from '#device/components/bus.js';
import { BUS_TOPICS, readSheet, sheetComponent } from '#device/components/sheet-component.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { startIn, stockClients, testFolder, UNTHROTTLED } from '../local/local-aws.js';
import { stockS3 } from '../local/s3/helpers.js';
import { FakeIotData } from '../streams/fake-dynamodb.js';
import { madeRun } from './made-run.js';

const folder = testFolder();
let aws: LocalAws;
let clients: ReturnType<typeof stockClients>;
let s3: S3Client;

beforeAll(async () => {
  aws = await startIn(folder.path, { tableLimits: UNTHROTTLED });
  clients = stockClients(aws.url);
  s3 = stockS3(aws.url);
  const { laps, events, state, reports } = tables;
  await Promise.all([laps, events, state, reports].map((table) => ensureTable(clients.dynamodb, table)));
  await s3.send(new CreateBucketCommand({ Bucket: 'archive' }));
});
afterAll(async () => {
  clients.destroy();
  s3.destroy();
  await aws.close();
  folder.remove();
});

async function write(dynamodb: DynamoDBClient, rows: readonly LapRow[]): Promise<void> {
  for (let at = 0; at < rows.length; at += 25) {
    const requests = rows.slice(at, at + 25).map(({ race, entry, ...facts }) => {
      const pk = `${race}#lap#${entry}`;
      const Item = toItem({ ...facts, pk, sk: `${facts.atMs}#${facts.lap}`, byLap: `${race}#lap#${facts.lap}` });
      return { PutRequest: { Item } };
    });
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [tables.laps.name]: requests } }));
  }
}

function readers(self: string): Promise<ReportReaders> {
  const shared = { tables, pollMs: 20, log: silentLog, wallClock, raceClock: wallClock, random: seededRandom(1) };
  return startReportReaders({ ...clients, ...shared, self });
}

const report = () => readRaceReport({ ...clients, tables }, 'fp2');

test('aggregates follow the laps, go on with the next reader, and are those of the sheets', async () => {
  const rows = madeRun({ cars: 3 });
  const [early, late] = [rows.slice(0, 40), rows.slice(40)];
  await write(clients.dynamodb, early);
  const first = await readers('first');
  await vi.waitFor(() => expect(first.stats().rows.changes).toBe(early.length), { timeout: 20_000, interval: 50 });
  await first.stop();
  expect((await report()).cars.map(({ laps }) => laps)).toEqual([25, 15]);

  await write(clients.dynamodb, late);
  const second = await readers('second');
  await vi.waitFor(async () => expect((await report()).cars.map(({ laps }) => laps)).toEqual([25, 25, 25]), {
    timeout: 20_000,
    interval: 50,
  });
  // What the first one had committed does not come again.
  expect(second.stats().rows).toMatchObject({ changes: late.length, repeated: 0, conflicts: 0 });
  await second.stop();

  // The sheets are made of the laps themselves, by other code.
  const laps = await readRunLaps({ ...clients, tables }, 'fp2');
  const sheets = practiceSheets(laps);
  const { cars } = await report();
  expect(cars.map(({ entry, bestMs, bestLap }) => ({ entry, bestMs, bestLap }))).toEqual(
    sheets.map(({ entry, best }) => ({ entry, bestMs: best!.lapTimeMs, bestLap: best!.lap })),
  );
  expect(cars.map(({ sectors }) => sectors.map(({ bestMs }) => bestMs))).toEqual(
    sheets.map(({ sectors }) => sectors.map(({ bestMs }) => bestMs)),
  );
  await expect(readRunLaps({ ...clients, tables }, 'fp9')).rejects.toMatchObject({ code: 'PW-REPORT-EMPTY' });
});

test('models are stored by version', async () => {
  const store = { ...clients, tableName: tables.reports.name };
  const rows = madeRun({ cars: 3 });
  await storePriors(store, fitPriors('ring', rows), 1);
  for (let lap = 0; lap < 10; lap++) await storePriors(store, fitPriors('ring', rows.slice(lap + 1)), 2);
  expect(await readPriors(store, 'ring')).toEqual({ ...fitPriors('ring', rows.slice(10)), version: 11, fittedAtMs: 2 });
});

test('a sheet that is sent is what the car compares its laps with', async () => {
  const [sheet] = practiceSheets(
    madeRun({ cars: 2, run: 'Friday, second practice session of the winter test at the ring' }),
  );
  const iotData = new FakeIotData();
  const message = await sendSheet({ s3, iotData: iotData.client, bucket: 'archive' }, 'car-1', sheet);
  const [{ topic, qos, message: onTheWire }] = iotData.published;
  expect({ topic, qos }).toEqual({ topic: 'pitwall/v1/car-1/sheets', qos: 1 });
  expect(onTheWire).toEqual(message);

  const bus = new LocalBus(silentLog);
  const dataDir = join(folder.path, 'car-1');
  mkdirSync(dataDir);
  const component = sheetComponent({ bus, dataDir, random: seededRandom(1), log: silentLog });
  const stop = new AbortController();
  await component.start(stop.signal);
  bus.publish(BUS_TOPICS.sheetRefs, JSON.stringify(onTheWire));
  await vi.waitFor(() => expect(readSheet(dataDir)?.reference).not.toBeUndefined(), { timeout: 5_000 });
  expect(readSheet(dataDir)!.reference).toEqual({
    v: 1,
    title: 'Friday, second practice session of the winter test at the, ideal',
    lapTimeMs: sheet.idealMs,
    sectorsMs: sheet.sectors.map(({ bestMs }) => bestMs),
  });
  bus.publish(BUS_TOPICS.laps, { lap: 1, lapTimeMs: sheet.idealMs! + 250 });
  await vi.waitFor(() => expect(readSheet(dataDir)!.laps).toMatchObject([{ toReferenceMs: 250 }]));
  stop.abort();
  await component.stop?.();

  const page = await s3.send(
    new GetObjectCommand({ Bucket: 'archive', Key: `sheets/${encodeURIComponent(sheet.run)}/1/sheet.html` }),
  );
  expect(page.ContentType).toBe('text/html; charset=utf-8');
  // Whoever has no right gets nothing: the query is the right.
  expect((await fetch(message!.url.split('?')[0])).status).toBe(403);
});

test('of a car without a clean lap nothing is sent', async () => {
  const iotData = new FakeIotData();
  const [sheet] = practiceSheets(madeRun({ cars: 1 }).filter(({ inLap }) => inLap));
  expect(await sendSheet({ s3, iotData: iotData.client, bucket: 'archive' }, 'car-1', sheet)).toBeUndefined();
  expect(iotData.published).toEqual([]);
});
