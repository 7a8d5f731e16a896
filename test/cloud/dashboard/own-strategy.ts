import { type StrategyShown, strategyShown } from '#cloud/dashboard/strategy-shown.js';
import { applyRecord } from '#cloud/race/apply.js';
import { createRaceState } from '#cloud/race/create.js';
import { quickAnswers } from '#cloud/strategy/answers/quick.js';
import { rosterEntry, START_MS, sessionOpen, TimingFeed } from '../../helpers/race-records.js';

const LAP_MS = 30_000;
const LAPS = 12;

/** What strategy says of one own car among three, twelve laps into a race. */
export function ownStrategy(entry: string): StrategyShown {
  const entries = [entry, 'x', 'y'];
  const roster = entries.map((key) => ({ ...rosterEntry(key), own: key === entry }));
  const state = createRaceState(sessionOpen({ lapsTotal: 60, roster }));
  const feed = new TimingFeed();
  applyRecord(state, feed.flag('green', 0, START_MS));
  for (let lap = 1; lap <= LAPS; lap++) {
    for (const [index, key] of entries.entries()) {
      applyRecord(state, feed.passing(key, lap, START_MS + lap * LAP_MS + index * 900, { lapTimeMs: LAP_MS }));
    }
  }
  return strategyShown(quickAnswers({ state, trigger: 'test' }), null);
}
