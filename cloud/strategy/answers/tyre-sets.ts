import { damageOf, factsInForce } from '#cloud/race/facts/in-force.js';
import { compoundsToUse } from '#cloud/race/rules/compounds.js';
import { driverNow, driverTimes } from '#cloud/race/rules/drivers.js';
import type { RaceState } from '#cloud/race/types.js';
import { type Doubt, known } from './known.js';
import type { CarReading } from './reading.js';
import type { TyreSetAnswer } from './types.js';

/** `hard 2 of 6`, `set 2/6`: how many sets there are. */
const OF_HOW_MANY = /(?:\/|\bof\s+)(\d{1,2})\s*$/i;

/**
 * Group 11: people's word alone. How many sets there are is told by a set's name that ends with it (`set 2 of 6`); what was done to
 * the set-up by `service`. The car's own setup document is not part of the race's records, so it is not here.
 */
export function tyreSets(state: RaceState, { entry }: CarReading): TyreSetAnswer {
  const told = factsInForce(state, entry.facts, 'tyreSet');
  const used = [...new Set(told.sort((a, b) => (a.lap ?? 0) - (b.lap ?? 0)).map(({ value }) => String(value)))];
  const total = used.map((name) => OF_HOW_MANY.exec(name)?.[1]).findLast((found) => found !== undefined);
  const changes = factsInForce(state, entry.facts, 'service').map(({ lap, value }) => ({
    lap: lap ?? 0,
    text: String(value),
  }));
  const name = driverNow(state, entry);
  const newestMs = entry.facts.reduce((newest, { atMs }) => Math.max(newest, atMs), state.session.eventTimeMs);
  const doubts: Doubt[] = [];
  if (used.length === 0) doubts.push({ factor: 0.2, why: 'nobody told the tyre sets' });
  else if (told.length <= entry.stops.filter(({ tyresChanged }) => tyresChanged !== 0).length) {
    doubts.push({ factor: 0.6, why: 'nobody told the set of every stop' });
  }
  return {
    known: known(newestMs, entry.facts.length === 0 ? 'session' : 'people', 0.9, doubts),
    used,
    left: total === undefined ? null : Math.max(0, Number(total) - used.length),
    compoundsToUse: compoundsToUse(state, entry),
    changes,
    damage: damageOf(state, entry),
    driver: { name, leftMs: driverTimes(state, entry).find(({ driver }) => driver === name)?.leftMs ?? null },
  };
}
