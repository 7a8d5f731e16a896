import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Clients, closeClients, createClients } from '#cloud/clients.js';
import { readCurrentRace } from '#cloud/engine/seat.js';
import { targetTable } from '#cloud/load/target-table.js';
import type { LapRow } from '#cloud/reports/lap-row.js';
import { sheetCsv } from '#cloud/reports/page/csv.js';
import { delta, lapTime } from '#cloud/reports/page/format.js';
import { raceCsv, racePage } from '#cloud/reports/page/race-page.js';
import { sheetPage } from '#cloud/reports/page/sheet-page.js';
import { type PracticeSheet, practiceSheets } from '#cloud/reports/practice/sheet.js';
import { type Fitted, fitPriors, type StoredPriors } from '#cloud/reports/priors.js';
import { readPriors, storePriors } from '#cloud/reports/priors-store.js';
import { readRaceReport } from '#cloud/reports/race-report.js';
import { readRunLaps } from '#cloud/reports/run-laps.js';
import { sendSheet } from '#cloud/reports/send-sheet.js';
import { tables } from '#cloud/resources.js';
import { targetNames } from '#cloud/topic-rules.js';
import { wallClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { THING_NAME } from '#wire/identity.js';
import { cloudOf, remoteError } from '../remote.js';
import { configFor } from './config.js';

interface ReportFlags {
  out?: string;
  json?: boolean;
  data?: string;
  tablePerRun?: boolean;
}

interface PracticeFlags extends ReportFlags {
  run?: string;
  car?: string[];
  send?: boolean;
  thing?: string;
}

/** A sheet for each car of a run: written, sent to the cars, or told in a line each. */
export async function practice(flags: PracticeFlags): Promise<void> {
  checkThing(flags);
  await withClients(flags, ['dynamodb', 's3', 'iotData'], async ({ dynamodb, s3, iotData }) => {
    const run = flags.run ?? (await currentRace(dynamodb));
    const laps = await lapsOf(dynamodb, run, flags);
    const all = practiceSheets(laps);
    const sheets = flags.car === undefined ? all : flags.car.map((car) => sheetOf(all, car, run));
    for (const sheet of sheets) {
      if (flags.out !== undefined) {
        const name = `${fileName(run)}-car-${fileName(sheet.entry)}`;
        writeReport(flags.out, `${name}.html`, sheetPage(sheet));
        writeReport(flags.out, `${name}.csv`, sheetCsv(sheet));
      }
      process.stdout.write(`${flags.json ? JSON.stringify(sheet) : sheetLine(sheet)}\n`);
    }
    if (!flags.send) return;
    const bucket = await bucketOf(dynamodb);
    for (const sheet of sheets) {
      const thing = flags.thing ?? `car-${sheet.entry}`;
      const message = await sendSheet({ s3, iotData, bucket }, thing, sheet);
      process.stderr.write(message ? `sent to ${thing}: ${message.sha256}\n` : `${thing}: no clean lap to send\n`);
    }
  });
}

/** A race by car, from the aggregates. */
export async function race(name: string, flags: ReportFlags): Promise<void> {
  await withClients(flags, ['dynamodb'], async ({ dynamodb }) => {
    const report = await readRaceReport({ dynamodb, tables }, name);
    if (flags.out !== undefined) {
      writeReport(flags.out, `${fileName(name)}.html`, racePage(report));
      writeReport(flags.out, `${fileName(name)}.csv`, raceCsv(report));
    }
    process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : raceCsv(report).replaceAll('\r\n', '\n'));
  });
}

/** Models of a track: fitted on runs and stored, or the newest. */
export async function priors(track: string, flags: ReportFlags & { run?: string[] }): Promise<void> {
  await withClients(flags, ['dynamodb'], async ({ dynamodb }) => {
    const store = { dynamodb, tableName: tables.reports.name };
    let found: StoredPriors | undefined;
    if (flags.run === undefined) found = await readPriors(store, track);
    else {
      const runs = await Promise.all(flags.run.map((run) => lapsOf(dynamodb, run, flags)));
      found = await storePriors(store, fitPriors(track, runs.flat()), wallClock.nowMs());
    }
    if (found === undefined) {
      throw new PitwallError('PW-REPORT-EMPTY', {
        what: `There are no models of ${track}.`,
        fix: `Fit them on practice with: pitwall report priors '${track}' --run RUN`,
      });
    }
    process.stdout.write(flags.json ? `${JSON.stringify(found)}\n` : `${priorsText(found).join('\n')}\n`);
  });
}

type Needed = 'dynamodb' | 's3' | 'iotData';

async function withClients<Name extends Needed>(
  flags: ReportFlags,
  names: readonly Name[],
  work: (clients: Pick<Clients, Name>) => Promise<void>,
): Promise<void> {
  const { config } = configFor({ data: flags.data });
  const clients = await createClients(await cloudOf(config), names);
  try {
    await work(clients);
  } catch (error) {
    throw remoteError('The report cannot be made', error);
  } finally {
    closeClients(clients);
  }
}

function lapsOf(dynamodb: DynamoDBClient, run: string, { tablePerRun = false }: ReportFlags): Promise<LapRow[]> {
  const laps = targetTable('laps', run, tablePerRun).table;
  return readRunLaps({ dynamodb, tables: { ...tables, laps } }, run);
}

async function currentRace(dynamodb: DynamoDBClient): Promise<string> {
  const found = await readCurrentRace(dynamodb, tables.state.name);
  if (found !== undefined) return found;
  throw new PitwallError('PW-USAGE-FLAG', { what: 'No race has run yet.', fix: 'Name the run with --run NAME.' });
}

function sheetOf(sheets: readonly PracticeSheet[], car: string, run: string): PracticeSheet {
  const found = sheets.find(({ entry }) => entry === car);
  if (found) return found;
  const known = sheets.map(({ entry }) => entry).join(', ');
  throw new PitwallError('PW-REPORT-EMPTY', { what: `Car ${car} has no laps in ${run}; there are: ${known}.` });
}

function checkThing({ send, thing, car }: PracticeFlags): void {
  if (thing === undefined) return;
  if (!THING_NAME.test(thing)) throw new PitwallError('PW-USAGE-FLAG', { what: `--thing ${thing}: no thing name.` });
  if (!send || car?.length !== 1) {
    throw new PitwallError('PW-USAGE-FLAG', {
      what: '--thing wants --send and one --car: it names whose sheet goes out.',
    });
  }
}

/** The account stands in the table's own name. */
async function bucketOf(dynamodb: DynamoDBClient): Promise<string> {
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: tables.reports.name }));
  const [, , , region, accountId] = Table?.TableArn?.split(':') ?? [];
  return targetNames({ region, accountId }).bucket('archive');
}

function writeReport(folder: string, name: string, text: string): void {
  const path = join(folder, name);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, text);
  } catch (cause) {
    throw new PitwallError('PW-CONFIG-DATA', { what: `${path} cannot be written.`, cause });
  }
  process.stderr.write(`${path}\n`);
}

/** Names of runs and cars are anybody's: what a path could be made of does not get into one. */
function fileName(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, '_').replace(/^\.+/, '_');
}

function sheetLine({ entry, best, idealMs, field, falloff }: PracticeSheet): string {
  const parts = [`car ${entry}`, best ? `best ${lapTime(best.lapTimeMs)} (lap ${best.lap})` : 'no clean lap'];
  if (field.place !== null) parts.push(`P${field.place} of ${field.cars}`);
  if (idealMs !== null) parts.push(`ideal ${lapTime(idealMs)}`);
  if (falloff) parts.push(`${delta(falloff.slope)} s a lap`);
  return parts.join('  ');
}

function priorsText({ track, version, runs, cars, lapMs, falloffPerLap, fuelPerLapKg, pitLossMs }: StoredPriors) {
  const figure = (name: string, fit: Fitted | null, scale: number, unit: string, digits: number) =>
    fit === null
      ? `${name}  not told by these runs`
      : `${name}  ${(fit.mean * scale).toFixed(digits)} ±${(fit.sd * scale).toFixed(digits)} ${unit}  (${fit.count})`;
  return [
    `${track}  version ${version}, from ${runs.join(', ')}: ${cars} cars, median clean lap ${lapTime(lapMs)}`,
    figure('fall-off ', falloffPerLap, (lapMs ?? 0) / 1000, 's a lap', 3),
    figure('fuel     ', fuelPerLapKg, 1, 'kg a lap', 3),
    figure('pit loss ', pitLossMs, 1 / 1000, 's', 2),
  ];
}
