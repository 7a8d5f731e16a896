import { known, raceDoubts } from './known.js';
import type { Reading } from './reading.js';
import type { PitRoadAnswer } from './types.js';
import { pitLossDoubts } from './window-answer.js';

/** Group 10. Source: timing's pit loops and stop reports. Speed limit and stall are told by no session: absent. */
export function pitRoad(reading: Reading): PitRoadAnswer {
  const { state, pitLoss, cars } = reading;
  const stops: PitRoadAnswer['stops'] = {};
  for (const { key, entry } of cars) {
    const last = entry.stops.at(-1);
    if (last === undefined) continue;
    const lostMs = (pitLoss.byEntry[key] ?? []).filter((ms) => ms !== null);
    stops[key] = {
      count: entry.stops.length,
      lostMs: lostMs.length === 0 ? null : lostMs.reduce((sum, ms) => sum + ms, 0),
      lastLaneMs: last.laneTimeMs,
      lastBoxMs: last.boxTimeMs,
    };
  }
  const { green, yellow, stopsSeen } = pitLoss;
  const seen = stopsSeen.green + stopsSeen.yellow > 0;
  const doubts = [...raceDoubts(state), ...pitLossDoubts(reading)];
  return {
    known: known(state.lastEventMs, seen ? 'timing' : pitLoss.source, 0.95, doubts),
    green,
    yellow,
    stopsSeen,
    stops,
  };
}
