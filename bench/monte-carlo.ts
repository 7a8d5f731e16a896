/**
 * What drawing races costs: races a second on one core from the first laps to the flag, full model (stops by hazard, fuel,
 * cautions, traffic, retirements, trouble), and one full answer on two threads.
 */
import { RULES } from '#cloud/race/rules/rules.js';
import { fromRows, type LapRow } from '#cloud/strategy/history/from-rows.js';
import { MonteCarloPool } from '#cloud/strategy/monte-carlo/pool.js';
import { readModels } from '#cloud/strategy/monte-carlo/read-models.js';
import { Simulation } from '#cloud/strategy/monte-carlo/simulate.js';
import { startOf } from '#cloud/strategy/monte-carlo/start.js';
import { NONE, type Option, type RaceStart } from '#cloud/strategy/monte-carlo/types.js';
import { seededRandom } from '#wire/random.js';
import { type Figure, round } from './figure.js';

/** As published for the best-known open peer; it is named, not run here. */
const PEER = { name: 'TUM race-simulation, 20 × 71 (published work, not run here)', value: 11.5 };
const KNOWN_LAPS = 3;
const ROUNDS = 5;
const USUAL: Option = { car: NONE, stops: 'asUsual', caution: 'drawn' };
const OWN = [4, 11];
const BASE_RUNS = 200;
const OPTION_RUNS = 40;

interface Field {
  name: string;
  series: string;
  rules: keyof typeof RULES;
  cars: number;
  laps: number;
  lapS: number;
  runs: number;
}

const SHORT: Field = { name: '20x71', series: 'f1', rules: 'f1', cars: 20, laps: 71, lapS: 90, runs: 600 };
const LONG: Field = { name: '38x267', series: 'nascar', rules: 'nascar', cars: 38, laps: 267, lapS: 30, runs: 100 };

export async function monteCarloFigures(): Promise<Figure[]> {
  const short = racesPerSecond(SHORT);
  const figures: Figure[] = [
    { ...short, peer: PEER, ratio: round(short.value / PEER.value) },
    racesPerSecond(LONG),
    ...starts(LONG),
    await answer(LONG),
  ];
  return figures;
}

function racesPerSecond(field: Field): Figure {
  const simulation = new Simulation(startOfField(field), [USUAL]);
  simulation.simulate({ runs: field.runs, seed: 0 });
  const rates = timed(ROUNDS, (round) => simulation.simulate({ runs: field.runs, seed: round + 1 })).map(
    (ms) => (1_000 * field.runs) / ms,
  );
  const best = Math.max(...rates);
  return {
    name: `monte-carlo.races-${field.name}`,
    unit: 'races/s a core',
    value: round(best, 0),
    spread: round((best - Math.min(...rates)) / best),
  };
}

/** Models fitted on what is known, and the start made of them: once per answer. */
function starts(field: Field): Figure[] {
  const rows = rowsOf(field, field.laps >> 1);
  const ms = timed(ROUNDS, () => startFrom(field, rows));
  const best = Math.min(...ms);
  return [
    {
      name: `monte-carlo.start-${field.name}`,
      unit: 'ms',
      value: round(best, 1),
      spread: round((Math.max(...ms) - best) / best),
    },
  ];
}

/** Two own cars × 16 options × 40 runs and 200 base runs from the first laps to the flag. */
async function answer(field: Field): Promise<Figure> {
  const start = startOfField(field);
  const pool = new MonteCarloPool();
  const ask = async (seed: number) => {
    await pool.simulate({ start, options: [USUAL], runs: BASE_RUNS, seed });
    await pool.simulate({ start, options: optionsOf(start), runs: OPTION_RUNS, seed });
  };
  await ask(0);
  const ms: number[] = [];
  for (let r = 0; r < ROUNDS; r++) {
    const startMs = performance.now();
    await ask(r + 1);
    ms.push(performance.now() - startMs);
  }
  await pool.close();
  const best = Math.min(...ms);
  return {
    name: `monte-carlo.answer-${field.name}`,
    unit: 'ms on 2 threads',
    value: round(best, 0),
    spread: round((Math.max(...ms) - best) / best),
  };
}

/** Four services, as chance has it and with a caution now, in 5 and in 10 laps. */
function optionsOf({ lap }: RaceStart): Option[] {
  const services = [
    { tyres: 4, fuel: 'fill' },
    { tyres: 2, fuel: 'fill' },
    { tyres: 0, fuel: 'fill' },
    { tyres: 4, fuel: 'toEnd' },
  ] as const;
  const cautions = ['drawn', { inLaps: 0 }, { inLaps: 5 }, { inLaps: 10 }] as const;
  return OWN.flatMap((car) =>
    services.flatMap((service) =>
      cautions.map((caution): Option => ({ car, stops: [{ lap: lap[car] + 2, service }], caution })),
    ),
  );
}

function startOfField(field: Field): RaceStart {
  return startFrom(field, rowsOf(field, KNOWN_LAPS));
}

function startFrom({ series, rules, laps }: Field, rows: readonly LapRow[]): RaceStart {
  const models = readModels(fromRows({ series, lapsTotal: laps }, rows));
  const stageEnds = rules === 'nascar' ? [80, 165] : [];
  return startOf(models.field, models, { rules: RULES[rules], stageEnds });
}

/** Green laps with a stop about every third of the race; cars a per mille of a lap apart. */
function rowsOf({ cars, laps, lapS }: Field, known: number): LapRow[] {
  const random = seededRandom(cars);
  const rows: LapRow[] = [];
  const elapsed = new Array<number>(cars).fill(0);
  const stint = Math.ceil(laps / 3);
  for (let lap = 1; lap <= known; lap++) {
    const here: LapRow[] = [];
    for (let car = 0; car < cars; car++) {
      const stops = (lap + 3 * car) % stint === 0;
      const lapTime = lapS * (1 + 0.0005 * car + 0.004 * random()) + (stops ? 0.6 * lapS : 0);
      elapsed[car] += lapTime;
      here.push({ car: `${car + 1}`, lap, lap_time: lapTime, elapsed: elapsed[car], pit_in: stops ? 1 : 0, flag: 'G' });
    }
    here.sort((a, b) => elapsed[Number(a.car) - 1] - elapsed[Number(b.car) - 1]);
    for (const [index, row] of here.entries()) row.pos = index + 1;
    rows.push(...here);
  }
  return rows;
}

function timed(rounds: number, work: (round: number) => void): number[] {
  return Array.from({ length: rounds }, (_, index) => {
    const startMs = performance.now();
    work(index);
    return performance.now() - startMs;
  });
}
