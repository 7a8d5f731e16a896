import type { RaceView } from '#cloud/dashboard/view.js';
import type { CallStatus, RaceState } from '#cloud/race/types.js';

/** Lines shown; the running number goes on. */
const MAX_LINES = 40;

interface Line {
  atMs: number;
  lap: number;
  text: string;
}

const CALL_WORDS: Record<CallStatus, string> = {
  proposed: 'proposed',
  accepted: 'accepted',
  rejected: 'rejected',
  sent: 'sent to the car',
  delivered: 'shown in the car',
  done: 'done',
  expired: 'expired',
};

/** What happened, in words, newest last: flags, stops, retirements, calls. Made from the state alone, so a restart shows the same. */
export function raceLog(state: RaceState): RaceView['log'] {
  const lines = [...flagLines(state), ...entryLines(state), ...callLines(state)];
  lines.sort((a, b) => a.atMs - b.atMs);
  const first = Math.max(0, lines.length - MAX_LINES);
  const log: RaceView['log'] = {};
  for (let i = first; i < lines.length; i++) log[String(i + 1)] = lines[i];
  return log;
}

function flagLines(state: RaceState): Line[] {
  return state.flags.map(({ flag, lap, atMs }) => ({ atMs, lap, text: flag === 'none' ? 'No flag' : `Flag: ${flag}` }));
}

function entryLines(state: RaceState): Line[] {
  const lines: Line[] = [];
  for (const { roster, stops, retirement } of Object.values(state.entries)) {
    for (const { inMs, lap, laneTimeMs } of stops) {
      const seconds = laneTimeMs === null ? '' : `, ${(laneTimeMs / 1000).toFixed(1)} s in the lane`;
      lines.push({ atMs: inMs, lap, text: `Car ${roster.number} pits${seconds}` });
    }
    if (retirement) lines.push({ atMs: retirement.atMs, lap: retirement.lap, text: `Car ${roster.number} retires` });
  }
  return lines;
}

function callLines(state: RaceState): Line[] {
  const lines: Line[] = [];
  for (const { call, history } of Object.values(state.calls)) {
    const entry = state.entries[call.entry];
    const number = entry?.roster.number ?? call.entry;
    for (const { status, atMs, by } of history) {
      const who = status === 'accepted' || status === 'rejected' ? ` by ${by}` : '';
      const lap = entry?.laps.findLast((done) => done.atMs <= atMs)?.lap ?? 0;
      lines.push({ atMs, lap, text: `Call for car ${number} ${CALL_WORDS[status]}${who}: ${call.text}` });
    }
  }
  return lines;
}
