import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listRaces, readRace } from '#cli/strategy/race-files.js';
import { cutAtLap, cutAtTime, type RaceHistory } from '#cloud/strategy/history/history.js';
import { readField } from '#cloud/strategy/models/field.js';
import { tyrePacePriorOf } from '#cloud/strategy/models/state-space/fitted/priors.js';
import { TyrePaceFold } from '#cloud/strategy/models/state-space/fold.js';
import { fitTyrePace, updateTyrePace } from '#cloud/strategy/models/state-space/tyre-pace.js';
import { median } from '#cloud/strategy/stats.js';
import { hasSharedData, sharedDataNote, sharedFolder } from '../../../../helpers/shared-data.js';

/** Real races, as test material only; all figures: `bench/fit/fit-state-space.ts`. */
describe.skipIf(!hasSharedData)(`state-space pace of real races${sharedDataNote}`, () => {
  const data = resolve(sharedFolder, 'data');
  const race = (id: string): RaceHistory => readRace(data, listRaces(data).find((each) => each.id === id)!);

  /** Middle of the field, seconds slower than on lap 4 of the run. */
  const wornS = (history: RaceHistory, ageLaps: number): number => {
    const field = readField(history);
    const pace = fitTyrePace(field, tyrePacePriorOf(history.series));
    return median(field.cars.flatMap((form) => pace.falloffS(form, ageLaps)! - pace.falloffS(form, 4)!))!;
  };

  it('knows Darlington, which eats tyres, from Bristol, which does not', () => {
    const darlington = race('nascar_2025_08_Darlington');
    const bristol = race('nascar_2025_09_Bristol');
    // The field's medians there: 1.2 s and 0.14 s at 30 laps.
    expect(wornS(darlington, 30)).toBeGreaterThan(0.6);
    expect(wornS(darlington, 30)).toBeLessThan(1.8);
    expect(Math.abs(wornS(bristol, 30))).toBeLessThan(0.35);
  });

  it.each(['f1_2019_05_Spanish_Grand_Prix', 'f1_2022_22_Abu_Dhabi_Grand_Prix', 'nascar_2025_05_Las_Vegas'])(
    '%s: lap times after a stop, from laps before it, better than the last lap before it',
    (id) => {
      const history = race(id);
      const prior = tyrePacePriorOf(history.series);
      const fold = new TyrePaceFold(prior);
      const missedS = { model: 0, lastLap: 0 };
      let asked = 0;
      for (let lap = 12; lap < 60; lap += 2) {
        const field = readField(cutAtLap(history, lap));
        const stopping = field.cars.filter(
          (form) => form.lap === lap && form.car.pitIn[form.at] && form.timesS.length > 5,
        );
        if (stopping.length === 0) continue;
        const pace = updateTyrePace(fold, field);
        for (const form of stopping) {
          const whole = history.cars.find(({ car }) => car === form.car.car)!;
          for (let ahead = 3; ahead <= 8; ahead++) {
            const index = form.at + ahead;
            if (whole.pitIn[index] || whole.flag[index] !== 1 || !(whole.lapTimeS[index] <= form.limitS)) continue;
            const compound = history.compounds[whole.compound[index]] || undefined;
            const said = pace.lap(form, {
              ahead,
              ageLaps: whole.tyreAgeLaps[index],
              fuelLaps: ahead,
              compound,
              greenLaps: 60,
            })!;
            missedS.model += Math.abs(said.meanS - whole.lapTimeS[index]);
            missedS.lastLap += Math.abs(form.timesS.at(-1)! - whole.lapTimeS[index]);
            asked++;
          }
        }
      }
      expect(asked).toBeGreaterThan(15);
      expect(missedS.model).toBeLessThan(0.8 * missedS.lastLap);
    },
  );

  it('reads a race on as it read it at once', () => {
    const history = race('f1_2019_05_Spanish_Grand_Prix');
    const prior = tyrePacePriorOf('f1');
    const fold = new TyrePaceFold(prior);
    for (let untilS = 300; untilS < 4_800; untilS += 150) updateTyrePace(fold, readField(cutAtTime(history, untilS)));
    const field = readField(cutAtTime(history, 4_800));
    const said = updateTyrePace(fold, field);
    const atOnce = fitTyrePace(field, prior);
    for (const form of field.cars) expect(said.lap(form, { ahead: 4 })).toEqual(atOnce.lap(form, { ahead: 4 }));
    expect(fold.restarts).toBe(1);
  });
});
