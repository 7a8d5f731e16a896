/** One car's laps as car and timing would tell them; made here, of no race. */
import type { Observation } from '#cloud/race/arbiter/types.js';
import type { Random } from '#wire/random.js';

export const GREEN_MS = 1_800_000_000_000;
export const LAP_MS = [
  101_500, 90_100, 90_430, 89_870, 120_900, 90_240, 90_610, 89_990, 90_350, 90_720, 90_050, 90_500,
];

/** Elapsed time at the end of a lap; 0 at the green flag. */
export function elapsedMs(lap: number): number {
  return LAP_MS.slice(0, lap).reduce((sum, ms) => sum + ms, 0);
}

export function timing(lap: number, more: Partial<Observation> = {}): Observation {
  const elapsed = elapsedMs(lap);
  return {
    source: 'timing',
    receivedAt: GREEN_MS + elapsed + 300,
    car: '24',
    lap,
    lapTimeMs: LAP_MS[lap - 1],
    elapsedMs: elapsed,
    ...more,
  };
}

/** How one car tells its laps. */
export interface Telling {
  /** Its count minus the lap. */
  shift: number;
  /** Its clock minus the receiver's. */
  clockMs: number;
  /** From crossing to receipt. */
  delayMs: (lap: number) => number;
  /** Its lap time minus timing's. */
  errorMs: (lap: number) => number;
}

export const USUAL: Telling = {
  shift: 1,
  clockMs: -61 * 3_600_000,
  delayMs: (lap) => 200 + 37 * (lap % 5),
  errorMs: () => 40,
};

export function car(lap: number, telling: Telling = USUAL, more: Partial<Observation> = {}): Observation {
  const atMs = GREEN_MS + elapsedMs(lap) - 90;
  return {
    source: 'car',
    receivedAt: atMs + telling.delayMs(lap),
    car: '24',
    vehicleId: 'chassis-9',
    lap: lap + telling.shift,
    lapTimeMs: LAP_MS[lap - 1] + telling.errorMs(lap),
    carTime: atMs + telling.clockMs,
    ...more,
  };
}

/** All laps by the car, and every third by timing. */
export function wholeRace(telling: Telling = USUAL): Observation[] {
  const laps = LAP_MS.map((_, index) => index + 1);
  return [...laps.map((lap) => car(lap, telling)), ...laps.filter((lap) => lap % 3 === 0).map((lap) => timing(lap))];
}

export function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const mixed = [...items];
  for (let i = mixed.length - 1; i > 0; i--) {
    const k = Math.floor(random() * (i + 1));
    [mixed[i], mixed[k]] = [mixed[k], mixed[i]];
  }
  return mixed;
}
