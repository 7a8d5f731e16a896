/** Real races, as test material only: nothing of them is in this repository. */
import { describe, expect, it } from 'vitest';
import { applyRecord } from '#cloud/race/apply.js';
import { createRaceState } from '#cloud/race/create.js';
import { isCleanLap, lapsCompleted } from '#cloud/race/laps.js';
import type { RaceState } from '#cloud/race/types.js';
import { answer } from '#cloud/strategy/answer.js';
import { proposeCalls } from '#cloud/strategy/calls.js';
import { paces } from '#cloud/strategy/pace.js';
import { median } from '#cloud/strategy/stats.js';
import type { SessionOpen } from '#wire/race-records.js';
import { notFinite } from '../../helpers/made-race.js';
import { hasSharedData, sharedDataNote } from '../../helpers/shared-data.js';
import { sharedRaceRecords } from '../../helpers/shared-race.js';

const F1_CAR: SessionOpen['car'] = { tankKg: 110, fuelPerLapKg: 1.7, pitLossMs: 22_000, tyreLifeLaps: 30 };
/** 20 gallons of 2.8 kg, 4 mpg on 1.366 miles. */
const CUP_CAR: SessionOpen['car'] = { tankKg: 56, fuelPerLapKg: 0.96, pitLossMs: 38_000, tyreLifeLaps: 40 };

describe.skipIf(!hasSharedData)(`real races${sharedDataNote}`, () => {
  it.each([
    ['nascar_2025_08_Darlington', CUP_CAR, 60],
    ['f1_2022_06_Spanish_Grand_Prix', F1_CAR, 8],
  ] as const)('%s: every lap is counted, every answer is finite', (id, car, every) => {
    const { open, records, laps } = sharedRaceRecords(id, car);
    const state = createRaceState(open);
    let asked = 0;
    for (const record of records) {
      const before = state.lap;
      applyRecord(state, record);
      if (state.lap === before || state.lap % every !== 0) continue;
      const answered = answer({ state, trigger: `lap ${state.lap}`, runs: 100 });
      expect(notFinite(answered)).toEqual([]);
      expect(notFinite(proposeCalls(state, answered))).toEqual([]);
      for (const entry of Object.values(answered.entries)) {
        if (entry.pitWindow === null) continue;
        const { openLap, bestLap, closeLap } = entry.pitWindow;
        expect(openLap <= bestLap && bestLap <= closeLap && closeLap < open.lapsTotal!).toBe(true);
      }
      asked++;
    }
    expect(asked).toBeGreaterThan(3);
    expect(notFinite(state)).toEqual([]);
    expect(state.ignored).toEqual({});
    for (const [key, entry] of Object.entries(state.entries)) {
      const own = laps.filter((row) => row.car === key);
      expect(entry.laps).toHaveLength(own.length);
      expect(lapsCompleted(entry)).toBe(Math.max(...own.map((row) => row.lap)));
    }
  });

  it('forecasts the next green lap no worse than 1.1 × the median of the last five', () => {
    const ids = [
      'f1_2018_09_Austrian_Grand_Prix',
      'f1_2019_12_Hungarian_Grand_Prix',
      'f1_2022_22_Abu_Dhabi_Grand_Prix',
    ];
    const errors = ids.map((id) => forecastErrors(id));
    const model = errors.reduce((sum, race) => sum + race.modelMs, 0) / ids.length;
    const naive = errors.reduce((sum, race) => sum + race.naiveMs, 0) / ids.length;
    process.stderr.write(`next green lap, MAE: model ${model.toFixed(0)} ms, median of 5 ${naive.toFixed(0)} ms\n`);
    expect(model).toBeLessThan(1.1 * naive);
  });
});

/** Rolling origin: at every fifth lap of each car, its next lap, if clean, is forecast from what is known then. */
function forecastErrors(id: string): { modelMs: number; naiveMs: number } {
  const { open, records } = sharedRaceRecords(id, F1_CAR);
  const whole = createRaceState(open);
  for (const record of records) applyRecord(whole, record);

  const state = createRaceState(open);
  let modelMs = 0;
  let naiveMs = 0;
  let count = 0;
  for (const record of records) {
    for (const trigger of applyRecord(state, record)) {
      if (trigger.type !== 'lap' || trigger.lap.lap % 5 !== 0) continue;
      const truthMs = cleanLapMs(whole, trigger.entry, trigger.lap.lap + 1);
      const { laps } = state.entries[trigger.entry];
      const clean = laps.filter((_, index) => isCleanLap(laps, index)).slice(-5);
      if (truthMs === null || clean.length < 5) continue;
      modelMs += Math.abs(paces(state)[trigger.entry].lapMs - truthMs);
      naiveMs += Math.abs(median(clean.map(({ lapTimeMs }) => lapTimeMs!))! - truthMs);
      count++;
    }
  }
  expect(count).toBeGreaterThan(100);
  return { modelMs: modelMs / count, naiveMs: naiveMs / count };
}

function cleanLapMs(state: RaceState, entry: string, lap: number): number | null {
  const { laps } = state.entries[entry];
  const index = laps.findIndex((known) => known.lap === lap);
  return index >= 0 && isCleanLap(laps, index) ? laps[index].lapTimeMs : null;
}
