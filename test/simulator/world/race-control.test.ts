import { describe, expect, it } from 'vitest';
import { race } from '#simulator/scenarios/race.js';
import { type CautionSpec, stageEnds } from '#simulator/scenarios/scenario.js';
import { RaceControl } from '#simulator/world/race-control.js';

const SEED = 3;
const spec: CautionSpec = { first: [4, 4], meanLaps: 1000, quietLaps: 5, length: [3, 3], stages: 1 };
const control = (laps: number, stageEnds: number[] = []) => {
  const flags = new RaceControl(spec, laps, stageEnds, SEED);
  flags.onLine(0, false);
  return flags;
};

describe('race control', () => {
  it('shows green at the first crossing', () => {
    const flags = new RaceControl(spec, 30, [], SEED);
    expect(flags.flag).toBe('none');
    expect(flags.onLine(0, false)).toBe('green');
    expect(flags.onLine(0, false)).toBeNull();
  });

  it('calls a caution when the leader is where the incident falls, once', () => {
    const flags = control(30);
    for (let lap = 1; lap <= 4; lap++) flags.onLine(lap, false);
    expect(flags.callsCaution(3.9)).toBe(false);
    expect(flags.callsCaution(4.01)).toBe(true);
    expect(flags.callsCaution(4.02)).toBe(false);
    expect(flags.flag).toBe('yellow');
  });

  it('opens the pits after the first lap behind the pace car, closes them for the last, and restarts at the line', () => {
    const flags = control(30);
    for (let lap = 1; lap <= 4; lap++) flags.onLine(lap, false);
    flags.callsCaution(4.5);
    const open = [flags.pitsOpen];
    for (let lap = 5; lap <= 7; lap++) {
      expect(flags.onLine(lap, false)).toBeNull();
      open.push(flags.pitsOpen);
    }
    expect(open).toEqual([false, true, true, false]);
    // The first to complete the lap is in the pit lane: the restart is the next car's.
    expect(flags.onLine(8, true)).toBeNull();
    expect(flags.onLine(8, false)).toBe('green');
    expect(flags.lap).toBe(8);
    expect(flags.pitsOpen).toBe(true);
  });

  it('has no caution in a race too short for one to end', () => {
    const flags = control(10);
    for (let lap = 1; lap <= 8; lap++) flags.onLine(lap, false);
    expect(flags.callsCaution(8.5)).toBe(false);
  });

  it('shows yellow to the first who ends a stage, but not where it is out already', () => {
    const flags = control(30, [3, 6]);
    expect([1, 2, 3, 3].map((lap) => flags.onLine(lap, false))).toEqual([null, null, 'yellow', null]);
    expect([flags.cautions, flags.pitsOpen]).toEqual([1, false]);
    expect([4, 5, 6, 7].map((lap) => flags.onLine(lap, false))).toEqual([null, null, null, 'green']);
    expect(flags.cautions).toBe(1);
  });

  it('cuts no race into stages that would be all cautions', () => {
    expect([60, 40, 39, 2].map((laps) => stageEnds({ ...race, laps }))).toEqual([[20, 40], [20], [], []]);
  });

  it('shows white for the last lap and the chequered flag to the first who has them all', () => {
    const flags = control(6);
    const shown = [1, 2, 3, 4, 5, 5, 6, 6, 5].map((lap) => flags.onLine(lap, false));
    expect(shown).toEqual([null, null, null, null, 'white', null, 'checkered', null, null]);
  });
});
