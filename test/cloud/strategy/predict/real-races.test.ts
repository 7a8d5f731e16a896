import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listRaces, readRace } from '#cli/strategy/race-files.js';
import { newNextLaps, scoreNextLaps } from '#cloud/strategy/backtest/next-laps.js';
import { knownAt, scoreOrder } from '#cloud/strategy/backtest/order.js';
import { origins, type PastRace } from '#cloud/strategy/backtest/past-race.js';
import { scoreRaceTime } from '#cloud/strategy/backtest/race-time.js';
import { mean } from '#cloud/strategy/backtest/scores.js';
import { cutAtLap } from '#cloud/strategy/history/history.js';
import { predict } from '#cloud/strategy/predict/predict.js';
import { hasSharedData, sharedDataNote, sharedFolder } from '../../../helpers/shared-data.js';

/** Every third origin: the whole table is `pitwall strategy backtest`. */
const EVERY = 3;

describe.skipIf(!hasSharedData)(`predictions on real races${sharedDataNote}`, () => {
  const data = resolve(sharedFolder, 'data');
  const past = (id: string): PastRace => {
    const listing = listRaces(data).find((race) => race.id === id)!;
    return { ...listing, history: readRace(data, listing) };
  };

  it.each(['f1_2019_05_Spanish_Grand_Prix', 'f1_2018_01_Australian_Grand_Prix', 'nascar_2025_08_Darlington'])(
    '%s: lap times better than repeating the last lap, in bands that hold',
    (id) => {
      const race = past(id);
      const scores = newNextLaps();
      for (const lap of origins(race, 10).filter((_, index) => index % EVERY === 0)) {
        const history = cutAtLap(race.history, lap);
        scoreNextLaps(scores, race, lap, predict({ history, want: ['nextLaps'], seed: 1 }));
      }
      expect(scores.asked).toBeGreaterThan(100);
      expect(scores.silent).toBe(0);
      expect(mean(scores.errorsS.engine)).toBeLessThan(mean(scores.errorsS.lastLap));
      expect(scores.covered / scores.asked).toBeGreaterThan(0.65);
      expect(scores.covered / scores.asked).toBeLessThan(1);
    },
  );

  it.each(['f1_2018_01_Australian_Grand_Prix', 'wec_2025_imola_6h'])(
    '%s: an order near the final one at 90 %%',
    (id) => {
      const race = past(id);
      const known = knownAt(race, 0.9)!;
      const prediction = predict({ history: known, want: ['finish', 'remaining'], seed: 1 });
      const { tau, covered, asked } = scoreOrder(race, 0.9, known, prediction);
      expect(tau.engine).toBeGreaterThan(0.75);
      expect(covered / asked).toBeGreaterThan(0.5);
      const time = scoreRaceTime(race, 0.9, known, prediction);
      expect(time!.errorS.engine).toBeLessThan(0.02 * 6 * 3_600);
    },
  );
});
