import { describe, expect, test } from 'vitest';
import type { LapRow } from '#cloud/reports/lap-row.js';
import { lapRow } from '#cloud/reports/lap-row.js';
import { practiceLaps } from '#cloud/reports/practice/laps.js';
import { practiceSheets } from '#cloud/reports/practice/sheet.js';
import { trendWithin } from '#cloud/reports/practice/trend.js';
import { seededRandom } from '#wire/random.js';
import { hasSharedData, readSharedRace, sharedDataNote } from '../../../helpers/shared-data.js';
import { madeRun } from '../made-run.js';

const row = (lap: number, lapTimeMs: number | null, more: Partial<LapRow> = {}): LapRow => ({
  race: 'fp1',
  entry: '24',
  lap,
  atMs: lap * 30_000,
  lapTimeMs,
  flag: 'green',
  inLap: false,
  outLap: false,
  version: 0,
  sectorsMs: [],
  fuelUsedKg: null,
  driver: null,
  cls: null,
  ...more,
});

describe('what a lap is', () => {
  test('pit lane, flags, traffic and broken times are told apart; a stop or a stand begins a stint', () => {
    const laps = practiceLaps([
      row(1, 36_000, { outLap: true }),
      row(2, 30_000),
      row(3, 33_000),
      row(4, 30_100, { flag: 'yellow' }),
      row(5, 12_000),
      row(6, null),
      row(7, 34_000, { inLap: true }),
      row(8, 36_000, { outLap: true, atMs: 400_000 }),
      row(9, 30_050, { atMs: 430_050 }),
      // The pit loops did not see it, but the car stood for two minutes.
      row(10, 30_060, { atMs: 580_110 }),
    ]);
    expect(laps.map(({ kind }) => kind)).toEqual([
      'out',
      'clean',
      'slow',
      'flag',
      'untimed',
      'untimed',
      'in',
      'out',
      'clean',
      'clean',
    ]);
    expect(laps.map(({ stint }) => stint)).toEqual([1, 1, 1, 1, 1, 1, 1, 2, 2, 3]);
    expect(laps.map(({ ageLaps }) => ageLaps)).toEqual([1, 2, 3, 4, 5, 6, 7, 1, 2, 1]);
  });

  test('rows of the loader and of the engine are read alike; what is no lap is not', () => {
    const item = {
      pk: { S: 'fp#1#lap#24' },
      sk: { S: '1700000000000#7' },
      lap: { N: '7' },
      lapTimeMs: { N: '90123' },
      flag: { S: 'green' },
    };
    const loaded = {
      ...item,
      sector1Ms: { N: '30000' },
      sector2Ms: { N: '40000' },
      sector3Ms: { N: '20123' },
      fuelUsedKg: { N: '1.92' },
    };
    expect(lapRow(loaded)).toMatchObject({
      race: 'fp#1',
      entry: '24',
      lap: 7,
      atMs: 1_700_000_000_000,
      sectorsMs: [30_000, 40_000, 20_123],
      fuelUsedKg: 1.92,
    });
    expect(lapRow({ ...item, sectorsMs: { L: [{ N: '1' }, { N: '0' }] } })).toMatchObject({ sectorsMs: [] });
    expect(lapRow({ ...item, pk: { S: 'fp1#stop#24' } })).toBeUndefined();
    expect(lapRow({ pk: { S: 'fp1' }, lap: { N: '1' } })).toBeUndefined();
    expect(lapRow({ ...item, takenBack: { BOOL: true } })).toBeUndefined();
  });
});

describe('the trend within stints', () => {
  test('is the common slope of stints at different levels, deaf to a third of the laps in traffic', () => {
    const stint = (level: number) =>
      Array.from({ length: 12 }, (_, x) => ({ x, y: level + 40 * x + (x % 3 === 1 ? 1_500 : 0) }));
    expect(trendWithin([stint(90_000), stint(91_000), [{ x: 1, y: 5 }]])).toMatchObject({ slope: 40, groups: 2 });
    expect(trendWithin([[{ x: 1, y: 5 }]])).toBeNull();
    expect(trendWithin([])).toBeNull();
  });

  test('seeds 1–200: unbiased, and its deviation is that of its error', () => {
    let sum = 0;
    let square = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed);
      const noise = () => (random() + random() + random() + random() - 2) * 100;
      const stints = [0, 1, 2].map(() => Array.from({ length: 12 }, (_, x) => ({ x, y: 90_000 + 40 * x + noise() })));
      const trend = trendWithin(stints)!;
      sum += trend.slope - 40;
      square += ((trend.slope - 40) / trend.slopeSd) ** 2;
    }
    expect(Math.abs(sum / 200)).toBeLessThan(0.6);
    expect(Math.sqrt(square / 200)).toBeGreaterThan(0.8);
    expect(Math.sqrt(square / 200)).toBeLessThan(1.35);
  });
});

describe('the sheet', () => {
  const rows = madeRun();
  const sheets = practiceSheets(rows);

  test('has best and ideal lap, sectors against the class, spread, fall-off and fuel', () => {
    const sheet = sheets.find(({ entry }) => entry === '3')!;
    const own = rows.filter(({ entry, inLap, outLap }) => entry === '3' && !inLap && !outLap);
    const best = Math.min(...own.map(({ lapTimeMs }) => lapTimeMs!));
    const ideal = [0, 1, 2].map((i) => Math.min(...own.map(({ sectorsMs }) => sectorsMs[i])));
    expect(sheet.best?.lapTimeMs).toBe(best);
    expect(sheet.sectors.map(({ bestMs }) => bestMs)).toEqual(ideal);
    expect(sheet.idealMs).toBe(ideal.reduce((sum, ms) => sum + ms, 0));
    // Cars differ in the second sector alone.
    expect(sheet.sectors[1].fieldEntry).toBe('1');
    expect(sheet.field).toMatchObject({ cars: 8, bestEntry: sheets[0].entry });
    expect(sheet.field.place).toBe(sheets.indexOf(sheet) + 1);
    expect(Math.abs(sheet.falloff!.slope - 42)).toBeLessThan(3 * sheet.falloff!.slopeSd);
    expect(sheet.fuel!.perLapKg).toBeCloseTo(1.92, 1);
    expect(sheet.stints).toMatchObject([
      { fromLap: 1, toLap: 11, clean: 9 },
      { fromLap: 12, toLap: 25, clean: 12 },
    ]);
  });

  test('is the same for every order of the rows, and a later version of a lap replaces it', () => {
    expect(practiceSheets(rows.toReversed())).toEqual(sheets);
    const lap = rows.find(({ entry, outLap, lap: n }) => entry === '5' && !outLap && n === 4)!;
    const corrected = practiceSheets([{ ...lap, lapTimeMs: 90_000, sectorsMs: [], version: 1 }, ...rows]);
    expect(corrected[0]).toMatchObject({ entry: '5', best: { lap: 4, lapTimeMs: 90_000 } });
  });

  test('of a car without a clean lap says so', () => {
    const [sheet] = practiceSheets([row(1, 40_000, { outLap: true }), row(2, 39_000, { inLap: true })]);
    expect(sheet).toMatchObject({ best: null, idealMs: null, falloff: null, fuel: null, spreadMs: null, sectors: [] });
    expect(sheet.field).toEqual({ cars: 0, place: null, bestMs: null, bestEntry: null });
  });

  test.skipIf(!hasSharedData)(
    `of a real sprint race: the order by best lap is that of the officials${sharedDataNote}`,
    () => {
      const laps = readSharedRace('grcup_2025_sonoma_R1');
      const sheetsOfRace = practiceSheets(
        laps.map(({ car, cls, lap, lapTimeS, elapsedS, flag }) =>
          row(lap, lapTimeS && Math.round(lapTimeS * 1_000), {
            entry: car,
            cls,
            atMs: Math.round((elapsedS ?? 0) * 1_000),
            flag: flag === 'G' ? 'green' : 'yellow',
          }),
        ),
      );
      const bestS = (car: string) =>
        Math.min(...laps.filter((lap) => lap.car === car && lap.flag === 'G').map(({ lapTimeS }) => lapTimeS!));
      expect(sheetsOfRace).toHaveLength(30);
      expect(sheetsOfRace[0].entry).toBe('72');
      for (const { entry, best } of sheetsOfRace.slice(0, 20)) expect(best!.lapTimeMs / 1_000).toBe(bestS(entry));
    },
  );
});
