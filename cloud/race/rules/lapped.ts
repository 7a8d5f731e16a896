import { factsInForce } from '../facts/in-force.js';
import { gaps } from '../gaps.js';
import type { RaceState } from '../types.js';
import { rulesOf } from './rules.js';
import { cautions } from './stages.js';

/** Who would get a lap back, by entry. */
export interface LapsBack {
  /** Were a caution to come now, or, under one, as it stands; null = nobody. */
  freePass: string | null;
  /** Under a caution only: who got one, as people told; then it is nobody else's. */
  given: string[];
  /** Under a caution only: who may wave around as it stands. */
  waveAround: string[];
}

/**
 * Candidates, until a person tells of an award: who caused the caution is not known here, and that car gets nothing. The
 * free pass is told from the running order as it is; the field is frozen by the loops at the moment of caution, so that a
 * car which has not crossed one since may still change places.
 */
export function lapsBack(state: RaceState): LapsBack {
  const { caution } = rulesOf(state);
  const gapOf = gaps(state);
  const lapped = state.order.filter((key) => {
    const { status } = state.entries[key];
    return (status === 'running' || status === 'pit') && gapOf[key].lapsDown > 0;
  });
  const now = state.flag === 'yellow' ? cautions(state).at(-1) : undefined;
  const given = now === undefined ? [] : state.order.filter((key) => wasGiven(state, key, now.fromMs));
  const freePass = caution.freePass && given.length === 0 ? (lapped[0] ?? null) : null;
  if (now === undefined || caution.waveAround === 'none') return { freePass, given, waveAround: [] };
  const others = lapped.filter((key) => key !== freePass && !given.includes(key));
  if (caution.waveAround === 'all') return { freePass, given, waveAround: others };
  const hasStopped = (key: string) => state.entries[key].stops.some(({ inMs }) => inMs >= now.fromMs);
  if (state.order.length === 0 || !hasStopped(state.order[0])) return { freePass, given, waveAround: [] };
  return { freePass, given, waveAround: others.filter((key) => !hasStopped(key)) };
}

function wasGiven(state: RaceState, key: string, sinceMs: number): boolean {
  const { facts } = state.entries[key];
  return facts.length > 0 && factsInForce(state, facts, 'freePass').some(({ atMs }) => atMs >= sinceMs);
}
