import { isCleanLap } from '#cloud/race/laps.js';
import type { EntryState } from '#cloud/race/types.js';
import { Z80 } from '../stats.js';
import { gapMs } from './gap.js';
import { known } from './known.js';
import type { CarReading, Reading } from './reading.js';
import type { Band, FalloffAnswer, FalloffRival } from './types.js';

/** Ages on the curve. */
const CURVE_LAPS = 60;
/** An undercut that takes longer is none. */
const UNDERCUT_LAPS = 25;

/**
 * Group 7. Wear as laps show it, what burnt fuel gives back included where stops refuel; of rivals the leader and the
 * neighbours. Source: the state-space pace, and laps that both drove.
 */
export function falloffAnswer(reading: Reading, car: CarReading): FalloffAnswer | null {
  const { state, tyres } = reading;
  const { form, entry, lap } = car;
  if (!car.racing || form === null) return null;
  const age = lap - entry.tyresFromLap;
  const at = (ageLaps: number): Band | null => {
    const lostS = ageLaps === 0 ? 0 : tyres.falloffS(form, ageLaps);
    const sdS = ageLaps === 0 ? 0 : tyres.falloffSdS(form, ageLaps);
    return lostS === null || sdS === null ? null : band(1_000 * lostS, 1_000 * sdS);
  };
  const now = at(age);
  const next = at(age + 1);
  if (now === null || next === null) return null;
  const curve: Band[] = [];
  for (let ageLaps = 0; ageLaps <= CURVE_LAPS; ageLaps++) {
    const point = at(ageLaps);
    if (point !== null) curve.push(point);
  }
  let lostMs = 0;
  for (let ageLaps = 1; ageLaps <= age; ageLaps++) lostMs += at(ageLaps)?.mean ?? 0;
  return {
    known: known(state.lastEventMs, 'model', 0.9, reading.doubts(car)),
    tyreAgeLaps: age,
    perLapMs: now,
    lostMs,
    msPerLap: { low: next.low - now.low, mean: next.mean - now.mean, high: next.high - now.high },
    curve,
    rivals: rivalsOf(reading, car),
  };
}

function rivalsOf(reading: Reading, car: CarReading): FalloffRival[] {
  const racing = reading.cars.filter((other) => other.racing);
  const at = racing.indexOf(car);
  const found: FalloffRival[] = [];
  const add = (rival: CarReading | undefined, as: FalloffRival['as']) => {
    if (rival === undefined || rival === car || found.some(({ entry }) => entry === rival.key)) return;
    if (rival.paceMs === null || car.paceMs === null) return;
    found.push({
      entry: rival.key,
      as,
      tyreAgeLaps: rival.lap - rival.entry.tyresFromLap,
      perLapMs: car.paceMs - rival.paceMs,
      sinceStopMs: sinceStopMs(car.entry, rival.entry),
      undercut: as === 'behind' ? undercut(reading, rival, car) : undercut(reading, car, rival),
    });
  };
  add(racing[at - 1], 'ahead');
  add(racing[at + 1], 'behind');
  add(racing[0], 'leader');
  return found;
}

/** By clean laps that both drove since the later of both last stops; null without one. */
function sinceStopMs(own: EntryState, rival: EntryState): number | null {
  const from = Math.max(own.stintFromLap, rival.stintFromLap);
  const cleanMs = (entry: EntryState) => {
    const laps = new Map<number, number>();
    for (let index = entry.laps.length - 1; index >= 0 && entry.laps[index].lap > from; index--) {
      if (isCleanLap(entry.laps, index)) laps.set(entry.laps[index].lap, entry.laps[index].lapTimeMs!);
    }
    return laps;
  };
  const others = cleanMs(rival);
  let sum: number | null = null;
  for (const [lap, ms] of cleanMs(own)) {
    const other = others.get(lap);
    if (other !== undefined) sum = (sum ?? 0) + ms - other;
  }
  return sum;
}

/**
 * `chaser` stops at the end of this lap, `leader` stays out: what new tyres win a lap, and the lap by which they have won
 * the gap. Whoever is ahead must stop before that lap. Both pay the same for their stops. Null when laps apart, or unknown.
 */
function undercut({ tyres }: Reading, chaser: CarReading, leader: CarReading): FalloffRival['undercut'] {
  if (chaser.form === null || leader.form === null || chaser.lap !== leader.lap) return null;
  const gap = gapMs(chaser.entry, leader.entry);
  if (gap === null) return null;
  let won = 0;
  let first: number | null = null;
  for (let laps = 1; laps <= Math.min(UNDERCUT_LAPS, chaser.toGo - 1); laps++) {
    const fresh = tyres.lap(chaser.form, { ahead: laps + 1, ageLaps: laps, fuelLaps: laps });
    const worn = tyres.lap(leader.form, { ahead: laps + 1 });
    if (fresh === null || worn === null) return null;
    const wins = 1_000 * (worn.meanS - fresh.meanS);
    first ??= wins;
    won += wins;
    if (won >= gap) return { gainPerLapMs: first, crossoverLap: chaser.lap + 1 + laps };
  }
  return first === null ? null : { gainPerLapMs: first, crossoverLap: null };
}

function band(mean: number, sd: number): Band {
  return { low: mean - Z80 * sd, mean, high: mean + Z80 * sd };
}
