/**
 * What a late reader costs, out of an archive in memory in the real format (segments, manifest), by turbo and the
 * consumer that every reader has. Times are of one process from its first read to the last record folded; the start of the
 * process and, but for the second figure, the bucket's latency are not in them.
 *
 * - Race state: an hour of 40 cars, 30 s laps (timing, a summary a second of each car), every record folded. Nothing is
 *   asked of the strategy.
 * - The same out of the objects that an archiver makes, one for every 4 s, from a bucket that answers after 25 ms.
 * - First answer: half of that hour, with every question that a live engine had asked, so that calls are the same.
 * - Frames: 60 channels at 100 Hz of 4 cars; unpacked, decoded, folded into laps and newest values on one core.
 */
import { raceArchive } from '#cloud/archive/race-archive.js';
import { archiveReader } from '#cloud/archive/reader.js';
import { turbo } from '#cloud/archive/turbo.js';
import { RaceCore } from '#cloud/engine/race-core.js';
import { parseRaceRecord } from '#cloud/engine/records.js';
import { FrameIntake } from '#cloud/reduce/frame-intake.js';
import { type Consumer, startConsumer } from '#cloud/streams/consumer.js';
import { ARCHIVE_THEN_LIVE } from '#cloud/streams/positions.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { ChannelTable } from '#wire/channels.js';
import { RaceClock, wallClock } from '#wire/clock.js';
import { FrameEncoder } from '#wire/frame.js';
import { formatBoot } from '#wire/identity.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { MadeArchive } from '../test/helpers/made-archive.js';
import { makeRace } from '../test/helpers/made-race.js';
import { RACE, rosterEntry, START_MS, sessionOpen } from '../test/helpers/race-records.js';
import { type Figure, round } from './figure.js';

const CARS = 40;
const LAPS = 120;
const ROUNDS = 3;
const SEGMENT_RECORDS = 2_000;
/** What the archiver waits at most before it cuts a segment of what has come. */
const SEGMENT_MS = 4_000;
/** S3's own figure for the first byte is 100–200 ms at worst; tens of ms are usual. */
const BUCKET_MS = 25;
const FRAME_THINGS = 4;
const FRAMES = 2_000;
const CHANNELS = 60;
const SAMPLES = 10;
const SHARD = 'shardId-000000000000';

export async function turboFigures(): Promise<Figure[]> {
  const race = raceHour();
  const mid = race.findIndex(({ arrivalMs }) => arrivalMs > START_MS + 1_800_000);
  const hour = await archived('pitwall-race', race);
  const small = withLatency(await archived('pitwall-race', race, SEGMENT_MS));
  const half = await archived('pitwall-race', race.slice(0, mid));
  const frames = await archived('pitwall-frames-live', frameRecords());
  const samples = FRAME_THINGS * FRAMES * CHANNELS * SAMPLES;
  const seconds = (archive: Readable, asks: boolean) => () => foldRace(archive, asks);
  const rate = async () => samples / (await foldFrames(frames)) / 1e6;
  return [
    await measured(`turbo, race state of an hour, ${CARS} cars`, 's', seconds(hour, false), Math.min),
    await measured(
      `turbo, the same, objects of ${SEGMENT_MS / 1_000} s, ${BUCKET_MS} ms each`,
      's',
      seconds(small, false),
      Math.min,
    ),
    await measured(`turbo, first answer in mid-race, ${CARS} cars`, 's', seconds(half, true), Math.min),
    await measured(`turbo, frames ${CHANNELS}x${SAMPLES} decoded and reduced`, 'M samples/s', rate, Math.max),
  ];
}

type Readable = Pick<MadeArchive, 'reader'>;

function withLatency({ objects }: MadeArchive): Readable {
  const get = async (key: string) => {
    await new Promise((resolve) => setTimeout(resolve, BUCKET_MS));
    return objects.get(key);
  };
  const list = async function* () {
    for (const [key, { length }] of objects) yield { key, bytes: length };
  };
  return { reader: archiveReader({ get, list }) };
}

async function measured(
  name: string,
  unit: string,
  work: () => Promise<number>,
  bestOf: (...values: number[]) => number,
): Promise<Figure> {
  const values: number[] = [];
  for (let i = 0; i < ROUNDS; i++) values.push(await work());
  const best = bestOf(...values);
  const spread = round((Math.max(...values) - Math.min(...values)) / best);
  return { name, unit, value: round(best), spread };
}

/** Seconds. */
async function foldRace(archive: Readable, asks: boolean): Promise<number> {
  const core = new RaceCore(undefined, { asks });
  const startedMs = wallClock.nowMs();
  await readAll(archive, 'pitwall-race', (shardId, record) => {
    const parsed = parseRaceRecord(record);
    const open = core.opens(parsed);
    if (open) core.begin(open);
    core.take(shardId, record, parsed);
  });
  const seconds = (wallClock.nowMs() - startedMs) / 1_000;
  const laps = core.state?.lap ?? 0;
  if (laps < LAPS / 2 - 2 || asks !== (core.answer !== null)) throw new Error(`The race was not folded: lap ${laps}.`);
  return seconds;
}

/** Seconds. */
async function foldFrames(archive: MadeArchive): Promise<number> {
  const intake = new FrameIntake({ displayChannels: ['c0', 'c1'], raceClock: new RaceClock(wallClock), wallClock });
  const startedMs = wallClock.nowMs();
  await readAll(archive, 'pitwall-frames-live', (_, record) => intake.take(record));
  const seconds = (wallClock.nowMs() - startedMs) / 1_000;
  const unique = [...intake.seen].reduce((sum, boot) => sum + boot.unique, 0);
  if (unique !== FRAME_THINGS * FRAMES) throw new Error(`${unique} frames were folded.`);
  return seconds;
}

async function readAll(
  made: Readable,
  stream: string,
  take: (shardId: string, record: StreamRecord) => void,
): Promise<void> {
  const random = seededRandom(1);
  const source = turbo({
    archive: raceArchive({ reader: made.reader, race: RACE, stream }),
    raceClock: wallClock,
    random,
  });
  let consumer: Consumer | undefined;
  await new Promise<void>((resolve, reject) => {
    consumer = startConsumer({
      source,
      positions: {},
      initial: ARCHIVE_THEN_LIVE,
      onRecords: async ({ shardId, records, ended }) => {
        for (const record of records) take(shardId, record);
        if (ended) resolve();
      },
      onFailure: reject,
      log: silentLog,
      wallClock,
      raceClock: wallClock,
      random,
    });
  });
  await consumer?.stop();
}

/** Segments of 2,000 records, or of what came in so long. */
async function archived(
  stream: string,
  records: readonly StreamRecord[],
  segmentMs = Number.POSITIVE_INFINITY,
): Promise<MadeArchive> {
  const made = new MadeArchive(RACE, START_MS);
  for (let at = 0; at < records.length; ) {
    const endMs = records[at].arrivalMs + segmentMs;
    const late = records.findIndex(({ arrivalMs }, i) => i > at && arrivalMs >= endMs);
    const end = Math.min(at + SEGMENT_RECORDS, late < 0 ? records.length : late);
    await made.append(stream, SHARD, records.slice(at, end));
    at = end;
  }
  made.commit();
  return made;
}

function raceHour(): StreamRecord[] {
  const roster = Array.from({ length: CARS }, (_, i) => rosterEntry(String(i + 1)));
  const open = sessionOpen({ roster, lapsTotal: LAPS });
  const options = { cars: CARS, laps: LAPS, falloffMs: 20, noiseMs: 100, fuelPerLapKg: 2 };
  const records = makeRace({ ...options, stopLaps: (car) => [28 + (car % 9), 62 + (car % 7), 95 + (car % 5)] });
  return [toRecord(open, open.race, open.eventTimeMs, 0)].concat(
    records.map((record, i) => toRecord(record, record.thing, record.eventTimeMs, i + 1)),
  );
}

function toRecord(value: object, partitionKey: string, arrivalMs: number, index: number): StreamRecord {
  return recordOf(Buffer.from(JSON.stringify(value)), partitionKey, arrivalMs, index);
}

function recordOf(data: Uint8Array, partitionKey: string, arrivalMs: number, index: number): StreamRecord {
  return { sequenceNumber: String(10n ** 55n + BigInt(index)), partitionKey, data, arrivalMs };
}

function frameRecords(): StreamRecord[] {
  const random = seededRandom(7);
  const scale = 0.01;
  const table = new ChannelTable(
    Array.from({ length: CHANNELS }, (_, c) => ({ name: `c${c}`, unit: '1', scale, offset: 0, rateHz: 100 })),
  );
  const boot = { counter: 1, random: 1n };
  const channels = Uint16Array.from({ length: CHANNELS }, (_, c) => c);
  const records: StreamRecord[] = [];
  for (let car = 1; car <= FRAME_THINGS; car++) {
    const thing = `car-${car}`;
    const about = { v: 1, kind: 'schema', thing, boot: formatBoot(boot), seq: 1, prev: 0, eventTimeMs: START_MS };
    const schema = { ...about, hash: table.hash, table: { channels: table.channels } };
    records.push(toRecord(schema, thing, START_MS, records.length));
  }
  const encoders = Array.from({ length: FRAME_THINGS }, (_, i) => new FrameEncoder(table, `car-${i + 1}`, boot));
  for (let n = 0; n < FRAMES; n++) {
    const eventTimeMs = START_MS + 100 * n;
    for (const [i, encoder] of encoders.entries()) {
      const values = Float64Array.from({ length: CHANNELS * SAMPLES }, (_, k) => {
        const at = n * SAMPLES + (k % SAMPLES);
        return scale * Math.round(3_000 * Math.sin(at / (100 + Math.floor(k / SAMPLES))) + 12 * random());
      });
      const header = { seq: n + 2, prev: n + 1, lane: 'live', eventTimeMs, monotonicMs: 100 * n } as const;
      const group = { channels, count: SAMPLES, startUs: 0, periodUs: 10_000, values };
      const data = encoder.encode({ ...header, clockQuality: 1, clockErrorMs: 5 }, [group]);
      records.push(recordOf(data, `car-${i + 1}`, eventTimeMs, records.length));
    }
  }
  return records;
}
