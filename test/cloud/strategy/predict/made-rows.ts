import type { LapRow } from '#cloud/strategy/history/from-rows.js';
import type { Random } from '#wire/random.js';

export interface MadeRows {
  cars: number;
  laps: number;
  random: Random;
}

const LAP_S = 90;
const STOP_S = 24;
const STINT_LAPS = 18;
const CAUTION = [30, 34] as const;

/** A race as timing files have it: cars 0.2 s a lap apart, stops about every 18 laps, a caution, places by laps and time. */
export function madeRows({ cars, laps, random }: MadeRows): LapRow[] {
  const rows: LapRow[] = [];
  const elapsed = new Array<number>(cars).fill(0);
  const age = new Array<number>(cars).fill(0);
  for (let lap = 1; lap <= laps; lap++) {
    const slow = lap >= CAUTION[0] && lap <= CAUTION[1];
    const here: LapRow[] = [];
    for (let car = 0; car < cars; car++) {
      const stops = age[car] > STINT_LAPS + 4 * random();
      const out = age[car] === 0 && lap > 1;
      age[car] = stops ? 0 : age[car] + 1;
      const lapTime = LAP_S + 0.2 * car + 0.4 * random() + (slow ? 40 : 0) + (stops ? STOP_S : 0);
      elapsed[car] += lapTime;
      here.push({
        car: String(car + 1),
        cls: 'A',
        lap,
        lap_time: lapTime,
        elapsed: elapsed[car],
        pos: null,
        pit_in: stops ? 1 : 0,
        pit_out: out ? 1 : 0,
        flag: slow ? 'S' : 'G',
        compound: 'MEDIUM',
        tyre_age: age[car],
        stint: 1,
      });
    }
    here.sort((a, b) => a.elapsed! - b.elapsed!);
    for (const [index, row] of here.entries()) row.pos = index + 1;
    rows.push(...here);
  }
  return rows;
}
