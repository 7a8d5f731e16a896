import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listRaces, readRace } from '#cli/strategy/race-files.js';
import { newNextLaps, scoreNextLaps } from '#cloud/strategy/backtest/next-laps.js';
import { knownAt, scoreOrder } from '#cloud/strategy/backtest/order.js';
import { origins, type PastRace } from '#cloud/strategy/backtest/past-race.js';
import { scoreRace } from '#cloud/strategy/backtest/score-race.js';
import { mean } from '#cloud/strategy/backtest/scores.js';
import { fromRows, type LapRow } from '#cloud/strategy/history/from-rows.js';
import { lastLap } from '#cloud/strategy/history/history.js';
import type { Question } from '#cloud/strategy/predict/types.js';
import { hasSharedData, sharedDataNote, sharedFolder } from '../../../helpers/shared-data.js';

/** Three cars, thirty laps: car `a` a second quicker than `b`, `b` than `c`; `a` stops at the end of lap 15. */
function smallRace(): PastRace {
  const rows: LapRow[] = [];
  for (const [index, car] of ['a', 'b', 'c'].entries()) {
    let elapsed = 0;
    for (let lap = 1; lap <= 30; lap++) {
      const stops = car === 'a' && lap === 15;
      const lapTime = 60 + index + (stops ? 12 : 0);
      elapsed += lapTime;
      rows.push({ car, lap, lap_time: lapTime, elapsed, pos: index + 1, pit_in: stops ? 1 : 0, flag: 'G' });
      if (car === 'a' && lap === 16) rows.at(-1)!.pit_out = 1;
    }
  }
  return {
    id: 'small',
    series: 'f1',
    laps: 30,
    history: fromRows({ series: 'f1', lapsTotal: 30 }, rows),
    finish: ['a', 'b', 'c'],
    lapsCompleted: { a: 30, b: 30, c: 30 },
  };
}

describe('back-test', () => {
  it('never shows a lap that was not over at the moment of the question', () => {
    const race = smallRace();
    const shown: { lap: number; want: string }[] = [];
    scoreRace(
      race,
      ({ history, want, whatIf }: Question) => {
        for (const car of history.cars) shown.push({ lap: lastLap(car), want: `${want} ${whatIf?.pitOnLap}` });
        return {};
      },
      1,
    );
    expect(shown.length).toBeGreaterThan(20);
    const stop = shown.filter(({ want }) => want.startsWith('rejoin'));
    expect(Math.max(...stop.map(({ lap }) => lap), 0)).toBeLessThan(15);
    const atHalf = knownAt(race, 0.5)!;
    expect(atHalf.cars.map(lastLap)).toEqual([15, 14, 14]);
  });

  it('gives a perfect forecast no error, and a silent one that of the last lap', () => {
    const race = smallRace();
    const perfect = newNextLaps();
    const silent = newNextLaps();
    const nextLaps = Object.fromEntries(
      race.history.cars.map(({ car }, index) => [
        car,
        Array.from({ length: 5 }, (_, k) => ({ lap: 21 + k, mean: 60 + index, lo80: 59.9, hi80: 62.1 })),
      ]),
    );
    scoreNextLaps(perfect, race, 20, { nextLaps });
    scoreNextLaps(silent, race, 20, {});
    expect(perfect).toMatchObject({ asked: 15, covered: 15, silent: 0 });
    expect(mean(perfect.errorsS.engine)).toBe(0);
    expect(silent.silent).toBe(15);
    expect(mean(silent.errorsS.engine)).toBe(mean(silent.errorsS.lastLap));
  });

  it('tells a wrong order from a right one', () => {
    const race = smallRace();
    const known = knownAt(race, 0.9)!;
    const finish = (places: number[]) =>
      Object.fromEntries(['a', 'b', 'c'].map((car, i) => [car, { mean: places[i], lo80: 1, hi80: 1, pWin: 0 }]));
    expect(scoreOrder(race, 0.9, known, { finish: finish([1, 2, 3]) }).tau.engine).toBe(1);
    expect(scoreOrder(race, 0.9, known, { finish: finish([3, 2, 1]) }).tau.engine).toBe(-1);
    expect(scoreOrder(race, 0.9, known, { finish: finish([1, 2, 3]) })).toMatchObject({ covered: 1, asked: 3 });
  });
});

describe.skipIf(!hasSharedData)(`baselines on real races${sharedDataNote}`, () => {
  const data = resolve(sharedFolder, 'data');
  const [header, ...lines] = hasSharedData
    ? readFileSync(resolve(data, 'baselines_dev.csv'), 'utf8').trim().split('\n')
    : [''];
  const names = header.split(',');
  const published = new Map(
    lines.map((line) => {
      const cells = line.split(',');
      return [cells[0], Object.fromEntries(names.map((name, index) => [name, Number(cells[index])]))];
    }),
  );

  it.each(['f1_2018_01_Australian_Grand_Prix', 'nascar_2025_09_Bristol', 'wec_2025_cota_6h'])(
    '%s: the same cells and errors as were published',
    (id) => {
      const listing = listRaces(data).find((race) => race.id === id)!;
      const race: PastRace = { ...listing, history: readRace(data, listing) };
      const scores = newNextLaps();
      for (const lap of origins(race, 10)) scoreNextLaps(scores, race, lap, {});
      const expected = published.get(id)!;
      expect(scores.asked).toBe(expected.a_n);
      expect(mean(scores.errorsS.lastLap)).toBeCloseTo(expected.a_last, 3);
      const order = scoreOrder(race, 0.5, knownAt(race, 0.5)!, {});
      expect(order.tau.persistence).toBeCloseTo(expected.b50_tau_persist, 3);
    },
  );
});
