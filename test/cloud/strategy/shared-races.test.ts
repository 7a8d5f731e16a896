/** Real races, as test material only: nothing of them is in this repository. */
import { describe, expect, it } from 'vitest';
import { applyRecord } from '#cloud/race/apply.js';
import { createRaceState } from '#cloud/race/create.js';
import { lapsCompleted } from '#cloud/race/laps.js';
import { proposeCalls } from '#cloud/strategy/answers/calls.js';
import { quickAnswers } from '#cloud/strategy/answers/quick.js';
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
      const answered = quickAnswers({ state, trigger: `lap ${state.lap}` });
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
});
