/** The stream is all that an engine goes by: whoever folds its records again has the same state, answers and calls, byte for byte. */
import { afterEach, expect, test } from 'vitest';
import { raceArchive } from '#cloud/archive/race-archive.js';
import { startReplay } from '#cloud/archive/replay.js';
import { turbo } from '#cloud/archive/turbo.js';
import type { RaceView } from '#cloud/dashboard/view.js';
import { parseRaceRecord } from '#cloud/engine/records.js';
import type { Forecast } from '#cloud/strategy/answers/forecast-types.js';
import { stateHash } from '#cloud/strategy/state-hash.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { wallClock } from '#wire/clock.js';
import type { ForecastRecord } from '#wire/engine-records.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { MadeArchive } from '../../helpers/made-archive.js';
import { until } from '../streams/reading.js';
import { EngineCloud, stopEngines } from './engine-cloud.js';
import { foldAgain } from './fold-again.js';
import { madeForecast, PROMPT_FORECASTER } from './made-forecaster.js';
import { onTheWire, RACE, raceRecords, START_MS } from './race-stream.js';

const STREAM = 'pitwall-race';

afterEach(stopEngines);

/** A race with forecasts, in which the first call is accepted and goes to its car; some records at a time, as they come. */
async function raced(seed: number, crashes: boolean) {
  const cloud = new EngineCloud();
  const wire = onTheWire(raceRecords(3, 19), seed);
  const forecasting = { forecaster: PROMPT_FORECASTER };
  let { engine } = await cloud.engine('first', forecasting);
  let isAccepted = false;
  for (let from = 0; from < wire.length; from += 60) {
    cloud.putRecords(wire.slice(from, from + 60));
    const isFolded = () => engine.stats().positions.s0 === cloud.log().at(-1)!.sequenceNumber;
    await until(isFolded);
    const call = engine.stats().calls.find(({ status }) => status === 'proposed')?.call;
    if (call && !isAccepted) {
      isAccepted = true;
      const { callId, revision } = call;
      const eventTimeMs = START_MS + 1_000;
      const said = { v: 1, kind: 'callDecision', race: RACE, author: 'strategist', eventTimeMs, decision: 'accepted' };
      cloud.kinesis.put('s0', RACE, { ...said, inputId: 'yes', callId, revision });
      await until(() => engine.stats().calls.some(({ history }) => history.some(({ status }) => status === 'sent')));
    }
    if (crashes && from >= wire.length / 2) {
      crashes = false;
      cloud.kill('first');
      engine = (await cloud.engine('second', forecasting)).engine;
      await until(() => engine.stats().role === 'active');
      cloud.revive();
    }
  }
  const isQuiet = () => engine.stats().positions.s0 === cloud.log().at(-1)!.sequenceNumber;
  await until(isQuiet);
  await engine.commit();
  return { cloud, engine, snapshot: await cloud.snapshot(), log: cloud.log() };
}

function forecastsOf(log: readonly StreamRecord[]): { sequenceNumber: string; forecast: Forecast }[] {
  return log.flatMap((record) => {
    const parsed = parseRaceRecord(record);
    if (parsed.from !== 'engine' || parsed.record.kind !== 'forecast') return [];
    return [{ sequenceNumber: record.sequenceNumber, forecast: parsed.record.forecast as Forecast }];
  });
}

test.each([3, 41])(
  'the log folded again, live or out of the archive, gives the engine’s bytes (seed %i)',
  async (seed) => {
    const { cloud, engine, snapshot, log } = await raced(seed, false);
    const again = foldAgain(log);
    expect(JSON.stringify(again)).toBe(snapshot);
    expect(again.forecast, 'a forecast').not.toBeNull();
    expect(Object.values(again.state!.calls).map(({ history }) => history.map(({ status }) => status))).toContainEqual(
      expect.arrayContaining(['proposed', 'accepted', 'sent']),
    );
    expect(cloud.iot.published.filter(({ topic }) => topic.endsWith('/calls'))).toHaveLength(1);

    const made = new MadeArchive(RACE, START_MS);
    for (let from = 0; from < log.length; from += 100) await made.append(STREAM, 's0', log.slice(from, from + 100));
    made.shard(STREAM, 's0').ended = true;
    made.commit();
    const archive = raceArchive({ reader: made.reader, race: RACE, stream: STREAM });
    const cursor = turbo({ archive, raceClock: wallClock, random: seededRandom(1) }).open('s0', 'TRIM_HORIZON');
    const archived: StreamRecord[] = [];
    for (;;) {
      const { records, ended } = await cursor.next(new AbortController().signal);
      archived.push(...records);
      if (ended) break;
    }
    expect(JSON.stringify(foldAgain(archived))).toBe(snapshot);

    const views: RaceView[] = [];
    const replay = startReplay({
      race: RACE,
      source: turbo({ archive, raceClock: wallClock, random: seededRandom(1) }),
      frames: [],
      displayChannels: [],
      speed: 'max',
      fromMs: START_MS,
      publishView: (view) => views.push(view),
      publishSamples: () => {},
      log: silentLog,
      wallClock,
      random: seededRandom(1),
    });
    await replay.ended;
    await replay.stop();
    const { finish, answers, calls } = engine.stats();
    expect(replay.stats()).toMatchObject({ finish, answers, records: log.length });
    expect(Object.keys(views.at(-1)!.calls)).toEqual(calls.map(({ call }) => call.callId));
  },
);

test.each([7])(
  'a crash in mid-race: the successor ends with the bytes of the whole log (seed %i)',
  async (seed) => {
    const { engine, snapshot, log } = await raced(seed, true);
    expect(engine.stats()).toMatchObject({ role: 'active', fence: 2 });
    expect(JSON.stringify(foldAgain(log))).toBe(snapshot);
    const fences = forecastsOf(log).map(({ sequenceNumber }) => {
      const { data } = log.find((record) => record.sequenceNumber === sequenceNumber)!;
      return (JSON.parse(Buffer.from(data).toString()) as ForecastRecord).fence;
    });
    expect(new Set(fences), 'both owners asked').toEqual(new Set([1, 2]));
  },
  30_000,
);

test('each forecast in the log is what its question gives: state by hash, seed, runs, trigger (seed 3)', async () => {
  const { log } = await raced(3, false);
  const forecasts = forecastsOf(log);
  expect(forecasts.length).toBeGreaterThan(5);
  const states = new Map<string, Forecast>();
  foldAgain(log, ({ state }) => {
    if (!state) return;
    for (const { forecast, sequenceNumber } of forecasts) {
      const { stateHash: hash, trigger, baseRuns: base } = forecast.provenance;
      if (hash !== stateHash(state)) continue;
      states.set(sequenceNumber, madeForecast({ state, trigger, runs: { base, option: 0 } }));
    }
  });
  for (const { sequenceNumber, forecast } of forecasts) expect(forecast).toEqual(states.get(sequenceNumber));
});

test('a record of an owner of before, and one put twice, change nothing; neither does one of another race', async () => {
  const { log } = await raced(3, false);
  const core = foldAgain(log);
  const before = JSON.stringify(core.forecast);
  const { fence, seq, ...newest } = JSON.parse(
    Buffer.from(log.findLast((record) => parseRaceRecord(record).from === 'engine')!.data).toString(),
  ) as ForecastRecord;
  const forecast = { v: 1, provenance: {}, lap: -1 };
  const put = (record: object, key = RACE): void => {
    const data = Buffer.from(JSON.stringify({ ...newest, kind: 'forecast', forecast, ...record }));
    core.take('s0', { sequenceNumber: '99999', partitionKey: key, data, arrivalMs: START_MS });
  };
  const { duplicates } = core.counters;
  put({ fence, seq });
  put({ fence, seq: seq + 1, race: 'other' }, 'other');
  put({ fence, seq: seq + 1, race: 'other' });
  put({ fence, seq: seq + 1, forecast: { v: 2 } });
  expect(core.counters.ignored).toMatchObject({ otherRace: 1, wrongKey: 1, unknownForecast: 1 });
  expect(core.counters.duplicates).toBe(duplicates + 1);
  expect(JSON.stringify(core.forecast)).toBe(before);
  put({ fence: fence + 1, seq: 1 });
  expect(core.forecast).toEqual(forecast);
  put({ fence, seq: 900, forecast: { ...forecast, lap: -2 } });
  expect(core.counters.ignored).toMatchObject({ fenced: 1 });
  expect(core.forecast).toEqual(forecast);
});
