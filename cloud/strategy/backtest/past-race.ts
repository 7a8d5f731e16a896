import type { RaceHistory } from '../history/history.js';

/** A race that is over, whole: only the back-test sees one. */
export interface PastRace {
  id: string;
  series: string;
  /** Laps of the winner. */
  laps: number;
  history: RaceHistory;
  /** Cars in final order. */
  finish: readonly string[];
  lapsCompleted: Readonly<Record<string, number>>;
}

/** Origins: every fifth lap, every tenth in races of more than this. */
const LONG_RACE_LAPS = 220;

/** Completed laps at which forecasts are made, up to five before the end. */
export function origins(race: PastRace, from: number): number[] {
  const step = race.laps > LONG_RACE_LAPS ? 10 : 5;
  const laps: number[] = [];
  for (let lap = from; lap <= race.laps - 5; lap += step) laps.push(lap);
  return laps;
}

/** WEC's classes drive different cars; elsewhere `cls` is a team or a make. */
export function classOf(race: { series: string }, cls: string): string {
  return race.series === 'wec' ? cls : '';
}
