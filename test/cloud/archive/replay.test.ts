import { describe, expect, test } from 'vitest';
import { raceArchive } from '#cloud/archive/race-archive.js';
import { type ReplayOptions, startReplay } from '#cloud/archive/replay.js';
import { turbo } from '#cloud/archive/turbo.js';
import type { RaceView } from '#cloud/dashboard/view.js';
import { modeOf } from '#cloud/dashboard/web/mode.js';
import { RaceCore } from '#cloud/engine/race-core.js';
import { parseRaceRecord } from '#cloud/engine/records.js';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { ManualClock, wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { MadeArchive } from '../../helpers/made-archive.js';
import { onTheWire, RACE, raceRecords, START_MS, sessionOpen } from '../engine/race-stream.js';
import { FakeKinesis } from '../streams/fake-kinesis.js';
import { until } from '../streams/reading.js';

const STREAM = 'pitwall-race';
const STEP_MS = 1_000;

/** Three cars, six laps, as they came, one record a second. */
const RECORDS: readonly StreamRecord[] = onTheWire(raceRecords(3, 6), 5).map((record, i) => ({
  ...record,
  arrivalMs: START_MS + STEP_MS * i,
}));

async function archiveOf(records: readonly StreamRecord[], ended: boolean) {
  const made = new MadeArchive(RACE, START_MS);
  const half = Math.floor(records.length / 2);
  await made.append(STREAM, 's0', records.slice(0, half));
  await made.append(STREAM, 's0', records.slice(half));
  made.shard(STREAM, 's0').ended = ended;
  made.commit();
  return raceArchive({ reader: made.reader, race: RACE, stream: STREAM });
}

/** State and answer after the first `count` records, as the engine has them. */
function foldOf(count: number): RaceCore {
  const core = new RaceCore();
  for (const record of RECORDS.slice(0, count)) {
    const parsed = parseRaceRecord(record);
    const open = core.opens(parsed);
    if (open) core.begin(open);
    core.take('s0', record, parsed);
  }
  return core;
}

function replayOf(options: Pick<ReplayOptions, 'source' | 'speed'> & Partial<ReplayOptions>) {
  const views: RaceView[] = [];
  const replay = startReplay({
    race: RACE,
    frames: [],
    displayChannels: [],
    fromMs: START_MS,
    publishView: (view) => views.push(view),
    publishSamples: () => {},
    log: silentLog,
    wallClock,
    random: seededRandom(1),
    ...options,
  });
  const mode = () => modeOf({ connection: 'open', status: undefined, view: views.at(-1), silentMs: 0 });
  return { replay, views, mode };
}

const raceClock = new ManualClock(START_MS);
const random = seededRandom(1);

describe('a replay', () => {
  test('at full speed comes to what the engine came to, and says that it is one', async () => {
    const source = turbo({ archive: await archiveOf(RECORDS, false), raceClock, random });
    const { replay, views, mode } = replayOf({ source, speed: 'max' });
    await replay.ended;
    await replay.stop();
    const { state, counters } = foldOf(RECORDS.length);
    expect(replay.stats()).toMatchObject({ records: RECORDS.length, lap: 6, finish: state?.order, gaps: 0 });
    expect(replay.stats().answers, 'the same questions').toBe(counters.answers);
    expect(views.at(-1)).toMatchObject({ race: RACE, lap: 6, isReplay: true });
    expect(mode().word).toBe('REPLAY');
  });

  test('at a speed shows what was known at each moment', async () => {
    const wall = new ManualClock(0);
    const source = turbo({ archive: await archiveOf(RECORDS, true), raceClock, random });
    const { replay, views } = replayOf({ source, speed: 10, wallClock: wall });
    const shows = 9;
    wall.advance((STEP_MS * shows) / 10);
    await until(() => replay.stats().records === shows + 1);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(replay.stats().records, 'nothing of later').toBe(shows + 1);
    expect(views.at(-1)).toMatchObject({ raceTimeMs: START_MS + STEP_MS * shows, lap: foldOf(shows + 1).state?.lap });
    await replay.stop();
  });

  test('ends before the next race', async () => {
    const next = { ...RECORDS[0], sequenceNumber: '9000', partitionKey: 'next', arrivalMs: START_MS + 1e7 };
    const open = sessionOpen(3, { race: 'next', eventTimeMs: START_MS + 1e7 });
    const records = [...RECORDS, { ...next, data: Buffer.from(JSON.stringify(open)) }];
    const source = turbo({ archive: await archiveOf(records, true), raceClock, random });
    const { replay, views } = replayOf({ source, speed: 'max' });
    await replay.ended;
    await replay.stop();
    expect(views.at(-1)?.race).toBe(RACE);
  });

  test('then live: catching up, with how far behind, and then live', async () => {
    const kinesis = new FakeKinesis();
    const records = RECORDS.map((record) => {
      kinesis.arrivalMs = record.arrivalMs;
      return { ...record, sequenceNumber: kinesis.put('s0', record.partitionKey, record.data) };
    });
    const live = new ManualClock(START_MS + STEP_MS * RECORDS.length);
    const polled = kinesisPolling({ client: kinesis.client, streamName: STREAM });
    const archive = await archiveOf(records.slice(0, 20), false);
    const source = turbo({ archive, live: polled, raceClock: live, random });
    const wall = new ManualClock(0);
    const { replay, views, mode } = replayOf({ source, speed: 5, live, wallClock: wall });
    wall.advance(1_000);
    await until(() => views.length > 0 && replay.stats().records === 6);
    const behindMs = live.nowMs() - (START_MS + 5_000);
    expect(replay.stats().behindMs).toBe(behindMs);
    const [minutes, seconds] = [Math.floor(behindMs / 60_000), (behindMs / 1_000) % 60];
    await until(() => mode().kind === 'catching-up');
    expect(mode().word).toBe(
      `CATCHING UP ${String(minutes).padStart(2, '0')}:${String(seconds).padStart(2, '0')} behind`,
    );
    wall.advance(RECORDS.length * 1_000);
    await until(() => replay.stats().records === RECORDS.length && mode().kind === 'live');
    expect(replay.stats().behindMs).toBe(0);
    expect(source.counters).toMatchObject({ fromArchive: 20, fromLive: RECORDS.length - 20, handovers: 1 });
    await replay.stop();
  });
});
