import { isCarriedOn } from '#cloud/race/car-laps.js';
import { linkSeen } from '#cloud/race/heard.js';
import type { RaceState } from '#cloud/race/types.js';
import { type Doubt, known, raceDoubts, silenceMs } from './known.js';
import type { DataHealthAnswer } from './types.js';

/** Share of laps told twice that may differ before it is told as a doubt. */
const DISAGREE_SHARE = 0.2;

/**
 * Group 12: which source counts for what, how old its word is, where sources disagree, how far cars' links are behind. Reads also
 * agents' health, which no other answer reads and which is in no state hash.
 */
export function dataHealth(state: RaceState): DataHealthAnswer {
  const { timing, lastEventMs, flags, entries } = state;
  const silentMs = silenceMs(state);
  const ageMs = (atMs: number | undefined) => (atMs === undefined ? null : Math.max(0, lastEventMs - atMs));
  const carried = Object.values(entries).some((entry) => isCarriedOn(entry));
  const newestStop = Object.values(entries).reduce<number | undefined>((newest, { stops }) => {
    const atMs = stops.at(-1)?.inMs;
    return atMs === undefined ? newest : Math.max(newest ?? atMs, atMs);
  }, undefined);
  const answer: DataHealthAnswer = {
    known: known(lastEventMs, 'timing', 1, [...raceDoubts(state), ...disagreement(state)]),
    facts: [
      { fact: 'laps', source: carried ? 'car' : 'timing', ageMs: carried ? 0 : ageMs(timing?.atMs) },
      { fact: 'order', source: 'timing', ageMs: ageMs(timing?.atMs) },
      { fact: 'flag', source: flags.at(-1)?.by === undefined ? 'timing' : 'people', ageMs: ageMs(flags.at(-1)?.atMs) },
      { fact: 'stops', source: 'timing', ageMs: ageMs(newestStop) },
    ],
    compared: 0,
    disagreed: 0,
    worstMs: 0,
    silentMs,
    links: {},
  };
  for (const [key, { carLaps, roster, car }] of Object.entries(entries)) {
    if (carLaps !== undefined) {
      answer.compared += carLaps.compared;
      answer.disagreed += carLaps.disagreed;
      answer.worstMs = Math.max(answer.worstMs, Math.round(carLaps.worstMs));
    }
    const health = roster.thing === null ? undefined : state.health[roster.thing];
    if (!roster.own || health === undefined) continue;
    answer.links[key] = {
      ...linkSeen(health, car, lastEventMs),
      delayMs: Math.round(health.oldestMs),
      telemetryAgeMs: car === null ? null : Math.max(0, Math.round(lastEventMs - car.atMs)),
    };
  }
  return answer;
}

function disagreement({ entries }: RaceState): Doubt[] {
  let compared = 0;
  let disagreed = 0;
  for (const { carLaps } of Object.values(entries)) {
    compared += carLaps?.compared ?? 0;
    disagreed += carLaps?.disagreed ?? 0;
  }
  if (compared === 0 || disagreed / compared <= DISAGREE_SHARE) return [];
  return [{ factor: 0.8, why: `cars and timing disagree on ${disagreed} of ${compared} laps` }];
}
