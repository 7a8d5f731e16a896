import { applyRecord } from '#cloud/race/apply.js';
import { createRaceState } from '#cloud/race/create.js';
import type { RaceState } from '#cloud/race/types.js';
import type { SessionOpen } from '#wire/race-records.js';
import { type MadeRace, makeRace } from '../../helpers/made-race.js';
import { rosterEntry, sessionOpen } from '../../helpers/race-records.js';

/** State after a made race; entry 1 is our own. */
export function raceState(race: MadeRace, session: Partial<SessionOpen> = {}): RaceState {
  const roster = Array.from({ length: race.cars }, (_, i) => rosterEntry(String(i + 1), { own: i === 0 }));
  const state = createRaceState(sessionOpen({ roster, ...session }));
  for (const record of makeRace(race)) applyRecord(state, record);
  return state;
}
