import { expect, test } from 'vitest';
import { EngineVoice } from '#cloud/engine/engine-voice.js';
import { FORECAST_BYTES_MAX, FORECAST_RUNS, ForecastDesk } from '#cloud/engine/forecast-desk.js';
import type { Forecaster } from '#cloud/engine/forecaster.js';
import { RaceInHand } from '#cloud/engine/race-in-hand.js';
import { parseRaceRecord } from '#cloud/engine/records.js';
import type { Seat } from '#cloud/engine/seat.js';
import { streams } from '#cloud/resources.js';
import { ManualClock } from '#wire/clock.js';
import type { ForecastRecord } from '#wire/engine-records.js';
import { silentLog } from '#wire/log.js';
import type { Flag } from '#wire/messages.js';
import type { RaceRecord } from '#wire/race-records.js';
import { seededRandom } from '#wire/random.js';
import { awsError } from '../streams/fake-dynamodb.js';
import { FakeKinesis } from '../streams/fake-kinesis.js';
import { HeldForecaster, madeForecast } from './made-forecaster.js';
import {
  flagRecord,
  LAP_MS,
  passingRecord,
  RACE,
  Sender,
  START_MS,
  sessionOpen,
  toStreamRecord,
} from './race-stream.js';

/** A race in hand whose records are given one by one, and the desk beside it. */
class Wall {
  readonly race = new RaceInHand();
  readonly kinesis = new FakeKinesis();
  readonly clock = new ManualClock(1_000);
  readonly desk: ForecastDesk;
  isHeld = true;
  isLive = true;
  readonly #timing = new Sender('timing-1');
  #sequence = 0;

  constructor(forecaster: Forecaster) {
    const lease = { fence: 4, held: () => this.isHeld };
    this.race.seat = { race: RACE, lease } as unknown as Seat;
    const shared = { log: silentLog, random: seededRandom(1), wallClock: this.clock };
    const voice = new EngineVoice(this.race, { ...shared, kinesis: this.kinesis.client, stream: streams.race });
    this.desk = new ForecastDesk(this.race, { ...shared, forecaster, voice, isLive: () => this.isLive });
    this.open();
  }

  open(race = RACE): void {
    const open = sessionOpen(3, { race, roster: sessionOpen(3).roster.map((car, i) => ({ ...car, own: i === 0 })) });
    this.race.core.begin(open);
    this.#take(race, open);
  }

  flag(flag: Flag, lap: number, atMs: number): void {
    this.#take('timing-1', flagRecord(this.#timing, flag, lap, atMs));
  }

  lap(lap: number): void {
    for (const car of [1, 2, 3]) {
      this.#take('timing-1', passingRecord(this.#timing, car, lap, START_MS + lap * LAP_MS + car * 100, car));
    }
  }

  pit(car: number, lap: number): void {
    const atMs = START_MS + lap * LAP_MS - 2_000;
    const stop = { type: 'stop', transponder: `T${car}`, number: String(car), lap, boxTimeMs: 9_000 };
    this.#take('timing-1', {
      ...this.#timing.envelope(atMs),
      ...stop,
      kind: 'timing',
      laneTimeMs: 21_000,
      tyresChanged: 4,
    } as RaceRecord);
  }

  /** What the desk put, as the stream gives it. */
  said(): ForecastRecord[] {
    return this.kinesis.shards.get('s0')!.records.map(({ key, data, sequence, arrivalMs }) => {
      const parsed = parseRaceRecord({ sequenceNumber: String(sequence), partitionKey: key, data, arrivalMs });
      if (parsed.from !== 'engine' || parsed.record.kind !== 'forecast') throw new Error('What is that?');
      return parsed.record;
    });
  }

  #take(key: string, record: RaceRecord): void {
    this.desk.consider(this.race.core.take('s0', toStreamRecord(key, record, ++this.#sequence)));
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a lap of the leader is asked on; while it is computed the newest question waits, and only that', async () => {
  const forecaster = new HeldForecaster();
  const wall = new Wall(forecaster);
  wall.flag('green', 0, START_MS);
  expect(forecaster.questions, 'the flag').toHaveLength(1);
  for (const lap of [1, 2, 3]) wall.lap(lap);
  expect(forecaster.questions).toHaveLength(1);
  forecaster.finish();
  await settled();
  expect(forecaster.questions.map(({ trigger }) => trigger)).toEqual(['flag green', 'lap 1/3']);
  expect(wall.desk.counters).toMatchObject({ asked: 2, replaced: 2, said: 1 });
  const [{ fence, seq, race, forecast }] = wall.said();
  expect({ fence, seq, race }).toEqual({ fence: 4, seq: 1, race: RACE });
  expect(forecast).toMatchObject({ provenance: { trigger: 'flag green', baseRuns: FORECAST_RUNS.base } });
});

test('a flag and a stop of an own car interrupt: the runs reached are told, and the new question follows at once', async () => {
  const forecaster = new HeldForecaster();
  const wall = new Wall(forecaster);
  wall.flag('green', 0, START_MS);
  forecaster.finish();
  await settled();
  wall.lap(1);
  expect(forecaster.questions.at(-1)).toEqual({ trigger: 'lap 1/1', lap: 1 });
  wall.flag('yellow', 1, START_MS + LAP_MS + 400);
  await settled();
  expect(forecaster.questions.at(-1)!.trigger).toBe('flag yellow');
  wall.pit(2, 2);
  await settled();
  expect(forecaster.questions.at(-1)!.trigger, 'a rival').toBe('flag yellow');
  wall.pit(1, 2);
  await settled();
  expect(forecaster.questions.at(-1)!.trigger, 'our own').toBe('stop 1/2');
  expect(wall.desk.counters).toMatchObject({ interrupted: 2, said: 3 });
  const runs = wall.said().map(({ forecast }) => (forecast as ReturnType<typeof madeForecast>).provenance.baseRuns);
  expect(runs).toEqual([FORECAST_RUNS.base, FORECAST_RUNS.base / 10, FORECAST_RUNS.base / 10]);
});

test('what can wait is spaced by event time', async () => {
  const forecaster = new HeldForecaster();
  const wall = new Wall(forecaster);
  wall.flag('green', 0, START_MS + LAP_MS - 3_000);
  forecaster.finish();
  await settled();
  wall.lap(1);
  expect(forecaster.questions, 'three seconds after the flag').toHaveLength(1);
  wall.lap(2);
  expect(forecaster.questions.map(({ lap }) => lap)).toEqual([0, 2]);
});

test('while the race is caught up with, and without the lease, nothing is asked; then the newest question is', async () => {
  const forecaster = new HeldForecaster();
  const wall = new Wall(forecaster);
  wall.isLive = false;
  wall.flag('green', 0, START_MS);
  for (const lap of [1, 2, 3, 4]) wall.lap(lap);
  expect(forecaster.questions).toEqual([]);
  wall.isLive = true;
  wall.isHeld = false;
  wall.desk.tick();
  expect(forecaster.questions).toEqual([]);
  wall.isHeld = true;
  wall.desk.tick();
  expect(forecaster.questions).toEqual([{ trigger: 'lap 1/4', lap: 4 }]);
});

test('a forecaster that fails is counted and left alone for a while; the question after that is asked', async () => {
  const forecaster = new HeldForecaster();
  const wall = new Wall(forecaster);
  wall.flag('green', 0, START_MS);
  forecaster.fail();
  await settled();
  wall.lap(1);
  expect(forecaster.questions).toHaveLength(1);
  wall.clock.advance(60_000);
  wall.desk.tick();
  expect(forecaster.questions).toHaveLength(2);
  expect(wall.desk.counters).toMatchObject({ failed: 1, said: 0 });
});

test('a forecast for a race that has another owner or another session by now is told to nobody', async () => {
  const forecaster = new HeldForecaster();
  const wall = new Wall(forecaster);
  wall.flag('green', 0, START_MS);
  wall.open('second');
  forecaster.finish();
  await settled();
  expect(wall.desk.counters).toMatchObject({ said: 0, void: 1 });
  expect(wall.said()).toEqual([]);
});

test('one that is too large for a record is not told, and it is counted', async () => {
  const wall = new Wall({
    forecast: async (question) => {
      const forecast = madeForecast(question);
      return { ...forecast, known: { ...forecast.known, why: ['x'.repeat(FORECAST_BYTES_MAX)] } };
    },
    close: async () => {},
  });
  wall.flag('green', 0, START_MS);
  await settled();
  expect(wall.desk.counters).toMatchObject({ tooLarge: 1, said: 0 });
  expect(wall.said()).toEqual([]);
});

test('a put that fails is repeated under the same number', async () => {
  const forecaster = new HeldForecaster();
  const wall = new Wall(forecaster);
  let refusals = 1;
  wall.kinesis.fault = () => {
    if (refusals-- > 0) throw awsError('ProvisionedThroughputExceededException', 400);
  };
  wall.flag('green', 0, START_MS);
  forecaster.finish();
  await expect.poll(() => wall.desk.counters.said).toBe(1);
  expect(wall.said().map(({ seq }) => seq)).toEqual([1]);
});

test('stopped, it closes the forecaster and asks nothing more', async () => {
  const forecaster = new HeldForecaster();
  const wall = new Wall(forecaster);
  wall.flag('green', 0, START_MS);
  await wall.desk.stop();
  wall.lap(1);
  expect(forecaster).toMatchObject({ isClosed: true, isBusy: false });
  expect(forecaster.questions).toHaveLength(1);
  expect(wall.said()).toEqual([]);
});
