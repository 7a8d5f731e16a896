import { describe, expect, it } from 'vitest';
import { fromRows, type LapRow, type RaceHead } from '#cloud/strategy/history/from-rows.js';
import { OTHER } from '#cloud/strategy/models/fitted/other.js';
import { priorOf } from '#cloud/strategy/models/fitted/priors.js';
import { predict } from '#cloud/strategy/predict/predict.js';
import { type Prediction, WANTS } from '#cloud/strategy/predict/types.js';
import { namedRandom, type Random } from '#wire/random.js';
import { madeRows } from './made-rows.js';

const SEED = 20_261;
const whole = (race: RaceHead, rows: readonly LapRow[], car = '1', pitOnLap = 26): Prediction =>
  predict({ history: fromRows(race, rows), want: WANTS, whatIf: { car, pitOnLap }, seed: 1 });

/** Every number in an answer, with its path. */
function numbers(value: unknown, path = ''): [string, number][] {
  if (typeof value === 'number') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbers(inner, `${path}.${key}`));
}

function expectSound(prediction: Prediction, cars: number): void {
  for (const [path, value] of numbers(prediction)) expect(Number.isFinite(value), `${path} = ${value}`).toBe(true);
  for (const laps of Object.values(prediction.nextLaps ?? {})) {
    for (const { mean, lo80, hi80 } of laps) {
      expect(lo80).toBeLessThanOrEqual(mean);
      expect(hi80).toBeGreaterThanOrEqual(mean);
      expect(mean).toBeGreaterThan(0);
    }
  }
  for (const { mean, lo80, hi80, pWin } of Object.values(prediction.finish ?? {})) {
    expect(lo80).toBeGreaterThanOrEqual(1);
    expect(hi80).toBeLessThanOrEqual(cars);
    expect(mean).toBeGreaterThanOrEqual(1);
    expect(mean).toBeLessThanOrEqual(cars);
    expect(lo80).toBeLessThanOrEqual(hi80);
    expect(pWin).toBeGreaterThanOrEqual(0);
    expect(pWin).toBeLessThanOrEqual(1);
  }
  for (const { lap, pWithin5 } of Object.values(prediction.nextStop ?? {})) {
    expect(pWithin5).toBeGreaterThanOrEqual(0);
    expect(pWithin5).toBeLessThanOrEqual(1);
    if (lap !== null) expect(Number.isSafeInteger(lap)).toBe(true);
  }
  for (const seconds of Object.values(prediction.remaining ?? {})) expect(seconds).toBeGreaterThanOrEqual(0);
}

describe('priors', () => {
  it('are wider for a series that no race was seen of, and finite everywhere', () => {
    expect(priorOf('nascar_xfinity')).toBe(priorOf('nascar_cup'));
    const unknown = priorOf('club-racing');
    for (const [index, { low, high }] of unknown.pace.bands.entries()) {
      expect(high - low).toBeGreaterThan(OTHER.pace.bands[index].high - OTHER.pace.bands[index].low);
    }
    expect(unknown.order.spreadFactor).toBeGreaterThan(OTHER.order.spreadFactor);
    for (const series of ['f1', 'nascar_cup', 'wec', 'grcup', 'club-racing']) {
      for (const [path, value] of numbers(priorOf(series)))
        expect(Number.isFinite(value), `${series}${path}`).toBe(true);
    }
  });
});

describe('predict', () => {
  const rows = madeRows({ cars: 12, laps: 25, random: namedRandom(SEED, 'made') });
  const race = { series: 'f1', lapsTotal: 60 };

  it('says everything that is wanted of every car, and nothing else', () => {
    const all = whole(race, rows);
    for (const part of [all.nextLaps, all.finish, all.nextStop, all.remaining]) {
      expect(Object.keys(part!)).toHaveLength(12);
    }
    expect(all.nextLaps!['1'].map(({ lap }) => lap)).toEqual([26, 27, 28, 29, 30]);
    expect(Object.keys(predict({ history: fromRows(race, rows), want: ['nextStop'], seed: 1 }))).toEqual(['nextStop']);
    expectSound(all, 12);
  });

  it('knows the pace, the quicker car, and how long the rest takes', () => {
    const all = whole(race, rows);
    expect(all.nextLaps!['1'][0].mean).toBeGreaterThan(89.5);
    expect(all.nextLaps!['1'][0].mean).toBeLessThan(91);
    expect(all.nextLaps!['12'][0].mean).toBeGreaterThan(all.nextLaps!['1'][0].mean + 1.5);
    const order = Object.entries(all.finish!).sort(([, a], [, b]) => a.mean - b.mean);
    expect(Number(order[0][0])).toBeLessThanOrEqual(4);
    const wins = Object.values(all.finish!).reduce((sum, { pWin }) => sum + pWin, 0);
    expect(wins).toBeCloseTo(1, 6);
    expect(all.remaining!['1']).toBeGreaterThan(35 * 89);
    expect(all.remaining!['1']).toBeLessThan(35 * 90.4 * 1.1);
  });

  it('counts a stop into a rejoin, and the cars that it lets by', () => {
    const { rejoin } = whole(race, rows, '1', 26);
    expect(rejoin!.seconds).toBeGreaterThan(2 * 90 + 0.6 * 24);
    expect(rejoin!.seconds).toBeLessThan(2 * 90.5 + 1.4 * 24);
    expect(rejoin!.position).toBeGreaterThan(1);
    expect(whole(race, rows, 'nobody', 26).rejoin).toBeUndefined();
    expect(whole(race, rows, '1', 20).rejoin).toBeUndefined();
  });

  it('sees the next stop come nearer as a stint gets old', () => {
    const young = predict({ history: fromRows(race, rows), want: ['nextStop'], seed: 1 }).nextStop!;
    const later = madeRows({ cars: 12, laps: 38, random: namedRandom(SEED, 'made') });
    const old = predict({ history: fromRows(race, later), want: ['nextStop'], seed: 1 }).nextStop!;
    const mean = (of: typeof young) => Object.values(of).reduce((sum, { pWithin5 }) => sum + pWithin5, 0) / 12;
    expect(mean(old)).toBeGreaterThan(mean(young));
  });

  it('leaves a car that is out at the back', () => {
    const gone = rows.filter(({ car, lap }) => car !== '1' || lap < 12);
    const { finish, nextLaps } = whole(race, gone);
    expect(finish!['1']).toEqual({ mean: 12, lo80: 12, hi80: 12, pWin: 0 });
    expect(nextLaps!['1']).toBeUndefined();
  });

  it('is the same for the same question', () => {
    expect(whole(race, rows)).toEqual(whole(race, rows));
  });
});

type Mutation = (rows: LapRow[], random: Random) => LapRow[];
const some = (share: number, change: (row: LapRow) => Partial<LapRow>): Mutation => {
  return (rows, random) => rows.map((row) => (random() < share ? { ...row, ...change(row) } : row));
};
const MUTATIONS: Record<string, Mutation> = {
  'lap 0 and 32768': some(0.03, ({ lap }) => ({ lap: lap % 2 ? 0 : 32_768 })),
  'laps of 9999 s': some(0.05, () => ({ lap_time: 9_999 })),
  'laps of 0 s': some(0.05, () => ({ lap_time: 0 })),
  'times back in time': some(0.05, ({ elapsed }) => ({ elapsed: elapsed! - 500 })),
  'no times': some(0.5, () => ({ lap_time: null, elapsed: null })),
  'no places': some(1, () => ({ pos: null })),
  'no flags': some(1, () => ({ flag: null })),
  'everybody in the pits': some(0.5, () => ({ pit_in: 1, pit_out: 1 })),
  'a red flag': (rows) =>
    rows.map((row) => (row.lap === 15 ? { ...row, flag: 'R', lap_time: 3_000, elapsed: row.elapsed! + 2_910 } : row)),
  holes: (rows, random) => rows.filter(() => random() > 0.3),
  duplicates: (rows, random) => rows.flatMap((row) => (random() < 0.2 ? [row, { ...row, lap_time: 95 }] : [row])),
  'a car that vanishes': (rows) => rows.filter(({ car, lap }) => car !== '2' || lap < 7 || lap > 20),
  'one car': (rows) => rows.filter(({ car }) => car === '1'),
  'one lap': (rows) => rows.filter(({ lap }) => lap === 1),
  nothing: () => [],
};
const LENGTHS: Omit<RaceHead, 'series'>[] = [
  { lapsTotal: 60 },
  { durationS: 7_200 },
  {},
  { lapsTotal: 3 },
  { durationS: 0 },
];

describe(`bad input (seed ${SEED})`, () => {
  it.each(Object.keys(MUTATIONS))('%s: every answer is sound', (name) => {
    for (const [index, series] of ['f1', 'nascar_cup', 'wec', 'nobody'].entries()) {
      const random = namedRandom(SEED + index, name);
      const rows = MUTATIONS[name](madeRows({ cars: 8, laps: 24, random }), random);
      const length = LENGTHS[(index + name.length) % LENGTHS.length];
      expectSound(whole({ series, ...length }, rows, '1', 25), 8);
    }
  });

  it('all of them at once', () => {
    for (let round = 0; round < 8; round++) {
      const random = namedRandom(SEED, `round ${round}`);
      let rows = madeRows({ cars: 8, laps: 40, random });
      for (const name in MUTATIONS)
        if (!name.startsWith('one') && name !== 'nothing') rows = MUTATIONS[name](rows, random);
      expectSound(whole({ series: 'f1', ...LENGTHS[round % LENGTHS.length] }, rows, '1', 41), 8);
    }
  });
});
