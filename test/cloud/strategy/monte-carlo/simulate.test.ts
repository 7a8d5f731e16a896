import { describe, expect, it } from 'vitest';
import { CAR_COLUMNS } from '#cloud/strategy/monte-carlo/outcome.js';
import { simulate } from '#cloud/strategy/monte-carlo/simulate.js';
import { column, gainOf } from '#cloud/strategy/monte-carlo/summary.js';
import { NO_LIMIT, NONE, type Option, type Outcome, PHASE, type RaceStart } from '#cloud/strategy/monte-carlo/types.js';
import { luckyStart, plainStart } from './plain-start.js';

const SEED = 20_261_121;
const USUAL: Option = { car: NONE, stops: 'asUsual', caution: 'drawn' };
const stopAt = (car: number, lap: number, over: Partial<Option> = {}): Option => ({
  car,
  stops: [{ lap, service: { tyres: 4, fuel: 'fill' } }],
  caution: 'drawn',
  ...over,
});
const one = (start: RaceStart, option: Option): Outcome => simulate(start, [option], { runs: 1, seed: SEED })[0];

const bytesOf = ({ buffer }: ArrayBufferView) => Buffer.from(buffer);

function expectSound(outcome: Outcome): void {
  const { runs, cars } = outcome;
  for (let run = 0; run < runs; run++) {
    const places = Array.from(outcome.place.subarray(run * cars, (run + 1) * cars)).sort((a, b) => a - b);
    expect(places).toEqual(Array.from({ length: cars }, (_, index) => index + 1));
  }
  for (const name of CAR_COLUMNS) {
    expect(
      outcome[name].subarray(0, runs * cars).every((value: number) => Number.isFinite(value)),
      name,
    ).toBe(true);
  }
}

describe(`a drawn race (seed ${SEED})`, () => {
  it('gives every place once, overall and in class, and no number that is none', () => {
    const start = luckyStart({ cars: 21, lapsTotal: 70 });
    const outcome = simulate(start, [USUAL], { runs: 60, seed: SEED })[0];
    expect(outcome.runs).toBe(60);
    expectSound(outcome);
    for (let run = 0; run < 60; run++) {
      for (const cls of [0, 1]) {
        const places: number[] = [];
        for (let car = 0; car < 21; car++) {
          if (start.cls[car] === cls) places.push(outcome.classPlace[run * 21 + car]);
        }
        expect(places.sort((a, b) => a - b)).toEqual(places.map((_, index) => index + 1));
      }
    }
    expect(Math.max(...outcome.cautions)).toBeGreaterThan(1);
    expect(Math.max(...outcome.stops)).toBeGreaterThan(1);
    expect(outcome.out.some((out) => out === 1)).toBe(true);
  });

  it('without luck is arithmetic', () => {
    const start = plainStart({ cars: 3, lapsTotal: 60, leaderLap: 10 });
    const outcome = one(start, USUAL);
    for (const car of [0, 1, 2]) {
      expect(outcome.finishS[car]).toBeCloseTo(start.atS[car] + 50 * start.paceS[car], 6);
      expect(outcome.place[car]).toBe(car + 1);
    }
    expect(outcome.gapS[0]).toBe(0);
    expect(outcome.gapS[2]).toBeCloseTo(6 + 50 * 0.4, 6);
  });

  it('charges a stop its loss and gives fresh tyres for it', () => {
    const start = plainStart({ cars: 1, lapsTotal: 60, leaderLap: 10 });
    for (let age = 0; age < start.ages; age++) start.falloffS[age] = 0.1 * age;
    const stays = one(start, USUAL);
    const stops = one(start, stopAt(0, 35));
    // Ages 11 … 60, against 11 … 35 and 1 … 25.
    const won = 0.1 * 25 * 35;
    expect(stays.finishS[0] - stops.finishS[0]).toBeCloseTo(won - 25, 6);
    expect(stops.stopLap[0]).toBe(35);
    expect(stops.stops[0]).toBe(1);
  });

  it('tells services apart by box time and by wear', () => {
    const start = plainStart({ cars: 1, lapsTotal: 60, leaderLap: 30 });
    start.tankLaps.fill(60);
    start.fuelLaps.fill(40);
    const finishWith = (tyres: 0 | 2 | 4) =>
      one(start, { car: 0, stops: [{ lap: 31, service: { tyres, fuel: 'none' } }], caution: 'drawn' }).finishS[0];
    expect(finishWith(4) - finishWith(2)).toBeCloseTo(4, 6);
    expect(finishWith(2) - finishWith(0)).toBeCloseTo(7, 6);
    for (let age = 0; age < start.ages; age++) start.falloffS[age] = age;
    // 29 laps on tyres that are 31, 15.5 (a curve has whole laps) and no laps old.
    expect(finishWith(0) - finishWith(4)).toBeGreaterThan(29 * 30 - 20);
    expect(finishWith(2) - finishWith(4)).toBeGreaterThan(29 * 15 - 20);
  });

  it('puts a car that stops behind those who then go by', () => {
    const start = plainStart({ cars: 6, lapsTotal: 40, leaderLap: 10, slowerS: 0 });
    const outcome = one(start, stopAt(0, 12));
    expect(outcome.rejoinPlace[0]).toBe(6);
    expect(outcome.rejoinAhead[0]).toBe(5);
    expect(outcome.rejoinAheadS[0]).toBeCloseTo(25 - 15, 6);
    expect(outcome.rejoinLapsDown[0]).toBe(0);
    expect(outcome.rejoinAheadAge[0]).toBe(13);
  });

  it('never lets a car through another: it follows, unless it is much quicker', () => {
    const behind = (gainS: number) => {
      const start = plainStart({ cars: 2, lapsTotal: 60, gapS: 1 });
      start.paceS[0] = 90;
      start.paceS[1] = 90 - gainS;
      return one(start, USUAL);
    };
    const held = behind(0.2);
    expect(held.place[1]).toBe(2);
    expect(held.gapS[1]).toBeCloseTo(0.5, 6);
    expect(behind(3).place[1]).toBe(1);
  });

  it('flags lapped cars off with the leader', () => {
    const start = plainStart({ cars: 2, lapsTotal: 60, slowerS: 4 });
    const outcome = one(start, USUAL);
    // 50 laps × 4 s and the gap of 3 s: two laps of 94 s.
    expect(outcome.lapsDown[1]).toBe(2);
    expect(outcome.lapsDone[1]).toBe(58);
    expect(outcome.finishS[1]).toBeGreaterThan(outcome.finishS[0]);
    expect(outcome.finishS[1]).toBeLessThan(outcome.finishS[0] + 94);
  });

  it('ends by the clock on the lap that the leader is on', () => {
    const start = plainStart({ cars: 3, lapsTotal: 40 }, { lapsTotal: NO_LIMIT, durationS: 2_000, lapsMax: 40 });
    const outcome = one(start, USUAL);
    // Crossings every 90 s: lap 23 ends at 2,070 s.
    expect(outcome.lapsDone[0]).toBe(23);
    expect(outcome.finishS[0]).toBeCloseTo(2_070, 6);
  });

  it('goes on for the laps that the rules add after time, and never beyond its distance', () => {
    const start = plainStart(
      { cars: 3, lapsTotal: 40 },
      { lapsTotal: NO_LIMIT, durationS: 2_000, lapsAfter: 1, lapsMax: 40 },
    );
    expect(one(start, USUAL).lapsDone[0]).toBe(24);
    expect(one({ ...start, lapsAfter: 3 }, USUAL).lapsDone[0]).toBe(26);
    expect(one({ ...start, lapsTotal: 23 }, USUAL).lapsDone[0]).toBe(23);
    expect(one({ ...start, lapsTotal: 12 }, USUAL).lapsDone[0]).toBe(12);
    // Asked when time has run out: the last lap is known, and the next crossing does not put it off.
    expect(one({ ...start, durationS: 850, lapsTotal: 11 }, USUAL).lapsDone[0]).toBe(11);
  });

  it('fills by the clock what the laps to the flag take', () => {
    const start = plainStart({ cars: 1, lapsTotal: 40 }, { lapsTotal: NO_LIMIT, durationS: 1_960, lapsMax: 40 });
    start.tankLaps.fill(40);
    start.fuelLaps.fill(8);
    const stopFor = (fuel: 'toEnd' | 'fill', lapsAfter: number) =>
      one({ ...start, lapsAfter }, { car: 0, stops: [{ lap: 14, service: { tyres: 0, fuel } }], caution: 'drawn' });
    // 4 laps left after lap 14, 36 missing; time runs out on lap 22: 8 to go and one in reserve, so 5 of 40.
    const seconds = stopFor('fill', 0).finishS[0] - stopFor('toEnd', 0).finishS[0];
    expect(seconds).toBeCloseTo((10 * 36) / 40 - (10 * 5) / 40, 6);
    const later = stopFor('fill', 2).finishS[0] - stopFor('toEnd', 2).finishS[0];
    expect(later).toBeCloseTo((10 * 36) / 40 - (10 * 7) / 40, 6);
    expect(stopFor('toEnd', 2).ranDry[0]).toBe(0);
  });

  it('leaves a race that is over as it is', () => {
    const start = plainStart(
      { cars: 4, lapsTotal: 10, leaderLap: 10 },
      { isOver: true, standing: Uint8Array.of(2, 2, 2, 1) },
    );
    const outcome = simulate(start, [USUAL, { ...USUAL, caution: { inLaps: 0 } }], { runs: 3, seed: SEED })[1];
    expect(Array.from(outcome.place.subarray(0, 4))).toEqual([1, 2, 3, 4]);
    expect(outcome.cautions[0]).toBe(0);
  });

  it('lets those who run when the flag has fallen finish their lap', () => {
    const start = plainStart({ cars: 2, lapsTotal: 10 }, { isOver: true, standing: Uint8Array.of(2, 0) });
    start.lap[1] = 8;
    const outcome = one(start, USUAL);
    expect(outcome.lapsDone[1]).toBe(9);
    expect(outcome.lapsDown[1]).toBe(1);
  });

  it('leaves out who is out', () => {
    const start = plainStart({ cars: 3, lapsTotal: 60 }, { standing: Uint8Array.of(1, 0, 0) });
    const outcome = one(start, USUAL);
    expect(outcome.lapsDone[0]).toBe(10);
    expect(Array.from(outcome.place.subarray(0, 3))).toEqual([3, 1, 2]);
  });
});

describe(`fuel (seed ${SEED})`, () => {
  const thirsty = () => {
    const start = plainStart({ cars: 2, lapsTotal: 60, leaderLap: 10 });
    start.tankLaps.fill(30);
    start.fuelLaps.fill(12);
    return start;
  };

  it('brings who drives as usual in before the tank is dry', () => {
    const outcome = one(thirsty(), USUAL);
    expect(outcome.ranDry[0]).toBe(0);
    expect(outcome.stopLap[0]).toBe(22);
    expect(outcome.stops[0]).toBe(2);
  });

  it('makes a plan that counts on too much of it pay', () => {
    const inTime = one(thirsty(), stopAt(0, 20));
    const late = one(thirsty(), stopAt(0, 30));
    expect(inTime.ranDry[0]).toBe(0);
    expect(late.ranDry[0]).toBe(1);
    expect(gainOf(inTime, late, 0)!.seconds.mean).toBeGreaterThan(150);
    expect(late.lapsDown[0]).toBe(2);
  });

  it('is a risk that grows with the lap', () => {
    const start = thirsty();
    start.fuelLapsSd.fill(2);
    const dry = (lap: number) => {
      const outcome = simulate(start, [stopAt(0, lap)], { runs: 400, seed: SEED })[0];
      return column(outcome, outcome.ranDry, 0).reduce((sum, was) => sum + was, 0) / 400;
    };
    expect(dry(17)).toBeLessThan(0.05);
    expect(dry(22)).toBeGreaterThan(0.3);
    expect(dry(22)).toBeLessThan(0.7);
    expect(dry(28)).toBeGreaterThan(0.95);
  });

  it('is saved behind the pace car', () => {
    const start = thirsty();
    const outcome = one(
      { ...start, cautions: { ...start.cautions, lengthLaps: 6 } },
      { ...USUAL, caution: { inLaps: 2 } },
    );
    expect(outcome.stopLap[0]).toBeGreaterThan(23);
  });

  it('is added by the laps that are left', () => {
    const start = thirsty();
    const toEnd = { lap: 20, service: { tyres: 0, fuel: 'toEnd' } } as const;
    const short = { ...start, lapsTotal: 25, lapsMax: 25 };
    const little = one(short, { car: 0, stops: [toEnd], caution: 'drawn' });
    const full = one(short, { car: 0, stops: [{ ...toEnd, service: { tyres: 0, fuel: 'fill' } }], caution: 'drawn' });
    // 2 laps left in the tank, 5 to go and one in reserve: 4 laps of 30, against 28.
    expect(full.finishS[0] - little.finishS[0]).toBeCloseTo((10 * 28) / 30 - (10 * 4) / 30, 6);
    expect(little.ranDry[0]).toBe(0);
  });
});

describe(`cautions (seed ${SEED})`, () => {
  it('close the field up, virtual ones do not', () => {
    const start = plainStart({ cars: 5, lapsTotal: 40, gapS: 8, slowerS: 0 });
    const full = one(start, { ...USUAL, caution: { inLaps: 3 } });
    expect(full.cautions[0]).toBe(1);
    expect(full.firstCautionLap[0]).toBe(13);
    expect(full.gapS[4]).toBeLessThan(8);
    expect(full.finishS[0]).toBeGreaterThan(start.atS[0] + 30 * 90 + 100);
    const virtual = one(
      {
        ...start,
        rules: { ...start.rules, virtualShare: 1 },
        cautions: { ...start.cautions, shape: 400, rateLaps: 1 },
      },
      USUAL,
    );
    expect(virtual.cautions[0]).toBeGreaterThan(3);
    expect(virtual.gapS[4]).toBeGreaterThan(30);
  });

  it('make a stop cheap', () => {
    const start = plainStart({ cars: 20, lapsTotal: 60, gapS: 3, slowerS: 0 });
    const costs = (caution: Option['caution']) => {
      const [stays, stops] = simulate(
        start,
        [{ car: 5, stops: [], asUsualFromLap: 99, caution }, stopAt(5, 13, { caution })],
        {
          runs: 1,
          seed: SEED,
        },
      );
      return stops.finishS[5] - stays.finishS[5];
    };
    expect(costs({ inLaps: 1 })).toBeLessThan(costs('none') - 5);
  });

  it('bring a planned stop forward when the plan says so', () => {
    const start = plainStart({ cars: 4, lapsTotal: 60 });
    const waits = one(start, stopAt(1, 40, { caution: { inLaps: 5 } }));
    const takes = one(start, stopAt(1, 40, { caution: { inLaps: 5 }, stopUnderCaution: true }));
    expect(waits.stopLap[1]).toBe(40);
    expect(takes.stopLap[1]).toBeLessThan(18);
    expect(takes.stopPhase[1]).toBe(1);
    expect(takes.finishS[1]).toBeLessThan(waits.finishS[1]);
  });

  it('come at the ends of stages, and never when none may', () => {
    const start = plainStart({ cars: 4, lapsTotal: 60 });
    const staged = { ...start, rules: { ...start.rules, stageEnds: Int32Array.of(5, 20, 40) } };
    expect(one(staged, USUAL).cautions[0]).toBe(2);
    const eager = { ...start, cautions: { ...start.cautions, shape: 50, rateLaps: 100 } };
    expect(one(eager, USUAL).cautions[0]).toBeGreaterThan(3);
    expect(one(eager, { ...USUAL, caution: 'none' }).cautions[0]).toBe(0);
  });

  it('give the first car a lap down its lap back, or all of them, as the rules say', () => {
    const start = plainStart({ cars: 4, lapsTotal: 40, slowerS: 0 });
    start.lap[2] = 8;
    start.lap[3] = 8;
    const laps = (freePass: boolean, waveAround: 0 | 1 | 2) => {
      const outcome = one(
        { ...start, rules: { ...start.rules, freePass, waveAround } },
        { ...USUAL, caution: { inLaps: 2 } },
      );
      return [outcome.lapsDown[2], outcome.lapsDown[3]];
    };
    expect(laps(false, 0)).toEqual([2, 2]);
    expect(laps(true, 0)).toEqual([1, 2]);
    expect(laps(false, 2)).toEqual([1, 1]);
    // The leader did not stop.
    expect(laps(false, 1)).toEqual([2, 2]);
  });

  it('trap who has just lost a lap by a stop', () => {
    const start = plainStart(
      { cars: 12, lapsTotal: 100, paceS: 30, gapS: 1, slowerS: 0 },
      { pitLossS: Float64Array.of(38, 30, 34) },
    );
    const caught = one(start, stopAt(4, 14, { caution: { inLaps: 8 } }));
    expect(caught.rejoinLapsDown[4]).toBe(1);
    expect(caught.trapped[4]).toBe(1);
    expect(caught.trapped[3]).toBe(0);
    expect(one(start, stopAt(4, 14, { caution: 'none' })).trapped[4]).toBe(0);
  });

  it('that are out when the question is asked go on, and end', () => {
    const start = plainStart({ cars: 5, lapsTotal: 40 });
    const cautions = { ...start.cautions, now: 1, nowLaps: 2 } as const;
    const outcome = one({ ...start, cautions }, USUAL);
    expect(outcome.restartPlace[2]).toBe(3);
    expect(outcome.cautions[0]).toBe(0);
    expect(outcome.finishS[0]).toBeGreaterThan(start.atS[0] + 30 * 90 + 50);
    expect(outcome.finishS[0]).toBeLessThan(start.atS[0] + 30 * 90 + 250);
  });
});

describe(`rules (seed ${SEED})`, () => {
  it('that ask for two compounds bring a car in that has used one', () => {
    const start = plainStart({ cars: 2, lapsTotal: 60 });
    start.compoundsUsed.set([1, 2]);
    const outcome = one({ ...start, rules: { ...start.rules, compoundsToUse: 2 } }, USUAL);
    expect(Array.from(outcome.stops.subarray(0, 2))).toEqual([1, 0]);
  });
});

describe(`penalties (seed ${SEED})`, () => {
  it('in seconds count at the flag, within a lap', () => {
    const start = plainStart({ cars: 4, lapsTotal: 60, slowerS: 0 });
    start.penaltyS[0] = 5;
    const outcome = one(start, USUAL);
    expect(Array.from(outcome.place)).toEqual([2, 1, 3, 4]);
    expect(outcome.finishS[0]).toBeCloseTo(start.atS[0] + 50 * 90 + 5, 6);
    expect(outcome.gapS[0]).toBeCloseTo(2, 6);
    expect(outcome.lapsDone[0]).toBe(60);
    start.lap[3] = 9;
    start.penaltyS[0] = 500;
    expect(Array.from(one(start, USUAL).place)).toEqual([3, 1, 2, 4]);
  });

  it('by drive-throughs cost the lane each, hold nobody up, and are no stops', () => {
    const start = plainStart({ cars: 3, lapsTotal: 60, slowerS: 0 });
    for (let at = 0; at < start.falloffS.length; at++) start.falloffS[at] = 0.01 * (at % start.ages);
    const without = one(start, USUAL);
    start.driveThroughs[0] = 2;
    const outcome = one(start, USUAL);
    expect(Array.from(outcome.place)).toEqual([3, 1, 2]);
    expect(outcome.finishS[0] - without.finishS[0]).toBeCloseTo(2 * 18, 6);
    expect(outcome.finishS[1]).toBeCloseTo(without.finishS[1], 6);
    expect(outcome.stops[0]).toBe(0);
    // Once it has been served, a stop is what it was.
    const stops = one(start, stopAt(0, 11));
    expect(stops.stopLap[0]).toBe(11);
    expect(stops.finishS[0] - outcome.finishS[0]).toBeCloseTo(25 - 0.01 * 11 * 49, 6);
  });

  it('that nobody could serve behind the pace car are added at the flag', () => {
    const start = plainStart({ cars: 2, lapsTotal: 20, leaderLap: 16 });
    const caution = { ...start.cautions, now: PHASE.full, lengthLaps: 10 };
    const without = one({ ...start, cautions: caution }, USUAL);
    const outcome = one({ ...start, cautions: caution, driveThroughs: Uint8Array.of(1, 0) }, USUAL);
    expect(Array.from(outcome.place)).toEqual([2, 1]);
    expect(outcome.finishS[0] - without.finishS[0]).toBeCloseTo(18, 6);
  });
});

describe(`options of the same run (seed ${SEED})`, () => {
  const runs = 120;
  const start = luckyStart({ cars: 20, lapsTotal: 70 });

  it('that are equal differ by nothing', () => {
    const [a, b] = simulate(start, [stopAt(3, 20), stopAt(3, 20)], { runs, seed: SEED });
    for (const name of CAR_COLUMNS) expect(bytesOf(a[name]).equals(bytesOf(b[name])), name).toBe(true);
    const gain = gainOf(a, b, 3)!;
    expect(gain.places).toEqual({ mean: 0, low: 0, high: 0 });
    expect(gain.seconds).toEqual({ mean: 0, low: 0, high: 0 });
  });

  it('meet the same cautions and rivals: their difference varies less than that of others', () => {
    const [early, late] = simulate(start, [stopAt(3, 20), stopAt(3, 24)], { runs, seed: SEED });
    const [other] = simulate(start, [stopAt(3, 24)], { runs, seed: SEED + 1 });
    const variance = (versus: Outcome) => {
      const differences = Array.from(
        { length: runs },
        (_, run) => early.place[run * 20 + 3] - versus.place[run * 20 + 3],
      );
      const mean = differences.reduce((sum, value) => sum + value, 0) / runs;
      return differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / runs;
    };
    expect(variance(late)).toBeLessThan(0.6 * variance(other));
    expect(early.firstCautionLap).toEqual(late.firstCautionLap);
  });
});

describe(`a number of runs (seed ${SEED})`, () => {
  const start = luckyStart({ cars: 12, lapsTotal: 50 });

  it('may be drawn in parts', () => {
    const [whole] = simulate(start, [USUAL], { runs: 10, seed: SEED });
    const [part] = simulate(start, [USUAL], { runs: 4, firstRun: 6, seed: SEED });
    expect(part.place).toEqual(whole.place.subarray(6 * 12));
    expect(part.finishS).toEqual(whole.finishS.subarray(6 * 12));
    const [again] = simulate(start, [USUAL], { runs: 10, seed: SEED });
    expect(again).toEqual(whole);
    const [other] = simulate(start, [USUAL], { runs: 10, seed: SEED + 1 });
    expect(other.place).not.toEqual(whole.place);
  });

  it('may be interrupted: every option has the runs that are complete', () => {
    let asked = 0;
    const outcomes = simulate(start, [USUAL, stopAt(2, 20)], {
      runs: 10,
      seed: SEED,
      isInterrupted: () => ++asked > 3,
    });
    expect(outcomes.map(({ runs }) => runs)).toEqual([3, 3]);
    const [none] = simulate(start, [USUAL], { runs: 10, seed: SEED, isInterrupted: () => true });
    expect(none.runs).toBe(0);
  });
});
