/** An engine that comes late: what the stream has lost comes out of the archive, joined with what is live, and the screen says so. */
import { afterEach, expect, test } from 'vitest';
import type { ArchiveReader } from '#cloud/archive/reader.js';
import type { RaceView } from '#cloud/dashboard/view.js';
import { modeOf } from '#cloud/dashboard/web/mode.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { RaceClock, wallClock } from '#wire/clock.js';
import { MadeArchive } from '../../helpers/made-archive.js';
import { awsError } from '../streams/fake-dynamodb.js';
import { until } from '../streams/reading.js';
import { EngineCloud, stopEngines } from './engine-cloud.js';
import { foldAgain } from './fold-again.js';
import { onTheWire, RACE, raceRecords, START_MS } from './race-stream.js';

const STREAM = 'pitwall-race';
const STEP_MS = 400;

afterEach(stopEngines);

/** Four cars, ten laps, as they came; the archive has the first 70 %, the stream has lost the first 60 %. */
async function lateRace(seed: number) {
  const cloud = new EngineCloud();
  const wire = onTheWire(raceRecords(4, 10), seed).map((record, i) => ({
    ...record,
    arrivalMs: START_MS + STEP_MS * i,
  }));
  const archive = new MadeArchive(RACE, START_MS);
  const raceClock = new RaceClock(wallClock);
  const raceMs = wire[wire.length - 1].arrivalMs;
  raceClock.follow({ type: 'clock', wallMs: wallClock.nowMs(), raceMs, rate: 1 });
  return {
    cloud,
    wire,
    archive,
    raceClock,
    archiveAll: async (records: readonly StreamRecord[]) => {
      await archive.append(STREAM, 's0', records);
      archive.commit();
    },
  };
}

const words = (views: [RaceView, number][]) =>
  views.map(([view]) => modeOf({ connection: 'open', status: undefined, view, silentMs: 0 }).word);

test('nobody had the race: it is begun out of the archive, and goes on live; the screen catches up and is live (seed 11)', async () => {
  const { cloud, wire, archiveAll, archive, raceClock } = await lateRace(11);
  cloud.putRecords(wire);
  const log = cloud.log();
  await archiveAll(log.slice(0, Math.floor(log.length * 0.7)));
  cloud.kinesis.trim('s0', Math.floor(log.length * 0.6));
  const { engine, views } = await cloud.engine('late', { archive: archive.reader, raceClock });
  await until(() => engine.stats().positions.s0 === String(log.length));
  await until(() => words(views).at(-1) === 'LIVE');
  expect(words(views)[0]).toMatch(/^CATCHING UP/);
  expect(views[0][0].behindMs).toBeGreaterThan(5_000);
  expect(engine.stats()).toMatchObject({ role: 'active', lap: 10, stream: { gaps: 0 } });
  await engine.commit();
  expect(await cloud.snapshot()).toBe(JSON.stringify(foldAgain(log)));
});

test('a snapshot from before the stream’s horizon: what is between comes out of the archive (seed 12)', async () => {
  const { cloud, wire, archiveAll, archive, raceClock } = await lateRace(12);
  const early = Math.floor(wire.length * 0.3);
  cloud.putRecords(wire.slice(0, early));
  const first = (await cloud.engine('first', { raceClock })).engine;
  await until(() => first.stats().positions.s0 === String(early));
  await first.stop();
  cloud.putRecords(wire.slice(early));
  const log = cloud.log();
  await archiveAll(log.slice(0, Math.floor(log.length * 0.7)));
  cloud.kinesis.trim('s0', Math.floor(log.length * 0.6));
  const { engine } = await cloud.engine('second', { archive: archive.reader, raceClock });
  await until(() => engine.stats().positions.s0 === String(log.length));
  expect(engine.stats()).toMatchObject({ fence: 2, lap: 10, stream: { gaps: 0 } });
  await engine.commit();
  expect(await cloud.snapshot()).toBe(JSON.stringify(foldAgain(log)));
});

const AWAY: ArchiveReader = {
  races: async () => {
    throw awsError('InternalError', 500);
  },
  manifest: async () => {
    throw awsError('InternalError', 500);
  },
  read: () => {
    throw awsError('InternalError', 500);
  },
};

test('an archive that is away holds nobody up: the stream alone is read, and what it has lost is told', async () => {
  const { cloud, wire, raceClock } = await lateRace(13);
  const early = Math.floor(wire.length * 0.3);
  cloud.putRecords(wire.slice(0, early));
  const first = (await cloud.engine('first', { archive: AWAY, raceClock })).engine;
  await until(() => first.stats().positions.s0 === String(early));
  expect(first.stats().stream).toMatchObject({ gaps: 0 });
  await first.stop();
  cloud.putRecords(wire.slice(early));
  cloud.kinesis.trim('s0', Math.floor(wire.length * 0.6));
  const { engine } = await cloud.engine('second', { archive: AWAY, raceClock });
  await until(() => engine.stats().positions.s0 === String(wire.length));
  expect(engine.stats().stream).toMatchObject({ gaps: 1 });
});
