import { describe, expect, it } from 'vitest';
import { RULES } from '#cloud/race/rules/rules.js';
import { fromRows, type LapRow, type RaceHead } from '#cloud/strategy/history/from-rows.js';
import { CAR_COLUMNS } from '#cloud/strategy/monte-carlo/outcome.js';
import { readModels } from '#cloud/strategy/monte-carlo/read-models.js';
import { simulate } from '#cloud/strategy/monte-carlo/simulate.js';
import { type StartOptions, startOf } from '#cloud/strategy/monte-carlo/start.js';
import { finishOf } from '#cloud/strategy/monte-carlo/summary.js';
import { NO_LIMIT, NONE, type Option, PHASE, type RaceStart, STANDING } from '#cloud/strategy/monte-carlo/types.js';
import { namedRandom, type Random } from '#wire/random.js';
import { madeRows } from '../predict/made-rows.js';

const SEED = 20_261_122;
const USUAL: Option = { car: NONE, stops: 'asUsual', caution: 'drawn' };
const HEAD: RaceHead = { series: 'f1', lapsTotal: 58 };

function startFrom(head: RaceHead, rows: readonly LapRow[], options: StartOptions = { rules: RULES.f1 }): RaceStart {
  const models = readModels(fromRows(head, rows));
  return startOf(models.field, models, options);
}

function expectNoNaN(value: unknown, path = 'start'): void {
  if (typeof value === 'number') expect(Number.isFinite(value), path).toBe(true);
  else if (ArrayBuffer.isView(value)) {
    for (const number of value as Float64Array)
      if (!Number.isFinite(number)) throw new Error(`${path} holds ${number}`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) expectNoNaN(inner, `${path}.${key}`);
  }
}

const upTo = (laps: number, random: Random) =>
  madeRows({ cars: 12, laps: 58, random }).filter(({ lap }) => lap <= laps);

describe(`a start from laps (seed ${SEED})`, () => {
  const rows = upTo(25, namedRandom(SEED, 'rows'));

  it('has the standing, the pace and the tyres of every car', () => {
    const start = startFrom(HEAD, rows);
    expectNoNaN(start);
    expect(start.cars).toHaveLength(12);
    expect(start.leaderLap).toBe(25);
    expect(start.lapsTotal).toBe(58);
    expect(Array.from(start.place).sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    expect(start.place[start.leader]).toBe(1);
    const [quick, slow] = ['1', '12'].map((car) => start.paceS[start.cars.indexOf(car)]);
    expect(slow - quick).toBeGreaterThan(1);
    expect(slow - quick).toBeLessThan(3.5);
    expect(start.tankLaps[0]).toBe(NO_LIMIT);
    expect(structuredClone(start)).toEqual(start);
    expect(start.laneS[0]).toBeGreaterThan(10);
    expect(start.laneS[0]).toBeLessThan(start.pitLossS[PHASE.green]);
  });

  it('knows what is on: a caution, a stop under way, a flag that has fallen', () => {
    const random = namedRandom(SEED, 'rows');
    const caution = startFrom(HEAD, upTo(32, random));
    expect(caution.cautions.now).toBe(PHASE.full);
    expect(caution.cautions.nowLaps).toBe(3);
    const over = startFrom({ ...HEAD, lapsTotal: 25 }, rows);
    expect(over.isOver).toBe(true);
    expect(over.standing.every((standing) => standing === STANDING.finished)).toBe(true);
    const stopped = rows.map((row) => (row.car === '3' && row.lap === 25 ? { ...row, pit_in: 1 as const } : row));
    expect(startFrom(HEAD, stopped).inPit[2]).toBe(1);
  });

  it('takes official places where times say otherwise', () => {
    const wrong = rows.map((row) => (row.car === '2' ? { ...row, elapsed: row.elapsed! - 40 } : row));
    const start = startFrom(HEAD, wrong);
    const ordered = [...start.cars.keys()].sort((a, b) => start.place[a] - start.place[b]);
    for (const [place, car] of ordered.entries()) {
      if (place > 0 && start.lap[car] === start.lap[ordered[place - 1]]) {
        expect(start.atS[car]).toBeGreaterThanOrEqual(start.atS[ordered[place - 1]]);
      }
    }
  });

  it('takes fuel as it is told, and leaves it out when it is no number', () => {
    const fuel = new Map([
      ['1', { lapsLeft: 9, sd: 1, tankLaps: 30 }],
      ['2', { lapsLeft: Number.NaN, sd: 1, tankLaps: 30 }],
    ]);
    const start = startFrom(HEAD, rows, { rules: RULES.f1, fuel });
    expect([start.fuelLaps[0], start.tankLaps[0]]).toEqual([9, 30]);
    expect(start.tankLaps[1]).toBe(NO_LIMIT);
  });

  it('takes rules as data', () => {
    const nascar = startFrom(HEAD, rows, { rules: RULES.nascar, stageEnds: [40, 20, 58, Number.NaN] });
    expect(Array.from(nascar.rules.stageEnds)).toEqual([20, 40]);
    expect([nascar.rules.freePass, nascar.rules.waveAround, nascar.rules.virtualShare]).toEqual([true, 1, 0]);
    expect(nascar.rules.pitClosedLaps).toBeGreaterThan(0);
    const f1 = startFrom(HEAD, rows, { rules: RULES.f1, stageEnds: [20] });
    expect(f1.rules.stageEnds).toHaveLength(0);
    expect(f1.rules.compoundsToUse).toBe(2);
    expect(f1.rules.virtualShare).toBeGreaterThan(0);
  });

  it('takes penalties as they are told, and leaves out what is no number', () => {
    const penalties = new Map([
      ['1', { seconds: 5, driveThroughs: 0 }],
      ['2', { seconds: Number.NaN, driveThroughs: 1 }],
      ['3', { seconds: 0, driveThroughs: 2 }],
    ]);
    const start = startFrom(HEAD, rows, { rules: RULES.f1, penalties });
    expect(Array.from(start.penaltyS.subarray(0, 4))).toEqual([5, 0, 0, 0]);
    expect(Array.from(start.driveThroughs.subarray(0, 4))).toEqual([0, 0, 2, 0]);
  });

  it('ends by laps or by the clock, by what comes first, and by the lap that the rules add', () => {
    const byClock = (durationS: number, options: Partial<StartOptions> = {}) =>
      startFrom({ series: 'f1', durationS }, rows, { rules: RULES.f1, ...options });
    const untimed = startFrom(HEAD, rows);
    expect([untimed.lapsTotal, untimed.durationS]).toEqual([58, NO_LIMIT]);
    const early = byClock(7_200, { lapsTotal: 58 });
    expect([early.lapsTotal, early.durationS, early.lapsAfter]).toEqual([58, 7_200, 1]);
    expect(early.lapsMax).toBe(58);
    // Time runs out on lap 24: lap 25, which has just ended, is the one that the rules add; with another one there is one to go.
    const leaderS = early.leaderS;
    const done = byClock(leaderS - 110);
    expect([done.isOver, done.lapsTotal]).toEqual([true, 25]);
    const last = byClock(leaderS - 10);
    expect([last.isOver, last.lapsTotal]).toEqual([false, 26]);
    expect(simulate(last, [USUAL], { runs: 3, seed: SEED })[0].lapsDone[last.leader]).toBe(26);
    expect(byClock(leaderS - 10, { rules: RULES.endurance }).isOver).toBe(true);
  });

  it('ends by the clock where the race does', () => {
    const start = startFrom({ series: 'wec', durationS: 6 * 3_600 }, rows, { rules: RULES.endurance });
    expect(start.lapsTotal).toBe(NO_LIMIT);
    const [outcome] = simulate(start, [USUAL], { runs: 5, seed: SEED });
    for (let run = 0; run < 5; run++) {
      const winner = outcome.place.subarray(run * 12, run * 12 + 12).indexOf(1);
      expect(outcome.finishS[run * 12 + winner]).toBeGreaterThanOrEqual(6 * 3_600);
      expect(outcome.finishS[run * 12 + winner]).toBeLessThan(6 * 3_600 + 400);
    }
  });
});

/** Everything that a feed can get wrong, now and then. */
function spoil(rows: readonly LapRow[], random: Random): LapRow[] {
  const bad = [0, 9_999, -5, Number.NaN, Number.POSITIVE_INFINITY, null];
  const odd = () => bad[Math.floor(bad.length * random())];
  return rows.flatMap((row) => {
    const out: LapRow = { ...row };
    if (random() < 0.05) out.lap_time = odd();
    if (random() < 0.05) out.elapsed = odd();
    if (random() < 0.1) out.pos = random() < 0.5 ? null : Math.floor(40 * random());
    if (random() < 0.05) out.flag = ['G', 'Y', 'R', 'V', '?', 'C'][Math.floor(6 * random())];
    if (random() < 0.05) out.pit_in = 1;
    if (random() < 0.02) out.lap = Math.floor(70 * random());
    if (random() < 0.05) out.compound = null;
    return random() < 0.05 ? [] : random() < 0.02 ? [out, { ...out }] : [out];
  });
}

describe(`a start from a broken feed (seed ${SEED})`, () => {
  const HEADS: readonly [RaceHead, StartOptions][] = [
    [HEAD, { rules: RULES.f1 }],
    [
      { series: 'nascar', lapsTotal: 100 },
      { rules: RULES.nascar, stageEnds: [30, 60] },
    ],
    [{ series: 'wec', durationS: 7_200 }, { rules: RULES.endurance }],
    [{ series: 'club' }, { rules: RULES.sprint }],
  ];

  it('holds no NaN, and every race from it comes to an end', () => {
    const random = namedRandom(SEED, 'spoil');
    for (let round = 0; round < 20; round++) {
      const [head, options] = HEADS[round % HEADS.length];
      const laps = 1 + Math.floor(57 * random());
      const cars = 1 + Math.floor(12 * random());
      const rows = spoil(madeRows({ cars, laps, random }), random);
      const start = startFrom(head, rows, options);
      expectNoNaN(start, `round ${round}`);
      const plan: Option = {
        car: 0,
        stops: [{ lap: laps + 2, service: { tyres: 2, fuel: 'toEnd' } }],
        caution: { inLaps: 5 * (round % 3) },
      };
      for (const outcome of simulate(start, start.cars.length > 0 ? [USUAL, plan] : [USUAL], {
        runs: 3,
        seed: round,
      })) {
        expect(outcome.runs).toBe(3);
        for (const name of CAR_COLUMNS) expectNoNaN(outcome[name], `round ${round} ${name}`);
        for (let run = 0; run < 3; run++) {
          const places = Array.from(outcome.place.subarray(run * outcome.cars, (run + 1) * outcome.cars));
          expect(places.sort((a, b) => a - b)).toEqual(places.map((_, index) => index + 1));
        }
      }
    }
  });

  it('is the same of series and compounds that nobody knows, whatever their names', () => {
    const named = (series: string, compound: string) => {
      const laps = upTo(20, namedRandom(SEED, 'rows')).map((row) => ({ ...row, compound }));
      return startFrom({ series, lapsTotal: 58 }, laps, { rules: RULES.sprint });
    };
    for (const name of ['constructor', '__proto__']) expect(named(name, name)).toEqual(named('club', 'C9'));
  });

  it('before anybody has a lap, and with one car', () => {
    const empty = startFrom(HEAD, []);
    expect(empty.cars).toHaveLength(0);
    expect(simulate(empty, [USUAL], { runs: 2, seed: 1 })[0].runs).toBe(2);
    const alone = startFrom(
      HEAD,
      upTo(4, namedRandom(SEED, 'rows')).filter(({ car }) => car === '5'),
    );
    const [outcome] = simulate(alone, [USUAL], { runs: 20, seed: 1 });
    expect(finishOf(outcome, 0)!.pWin).toBe(1);
    expect(finishOf(outcome, 0)!.place).toEqual({ mean: 1, low: 1, high: 1 });
  });
});
