import type { RaceView } from '#cloud/dashboard/view.js';
import type { CallStatus, PersonFact, RaceState } from '#cloud/race/types.js';

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
  const lines = [...flagLines(state), ...entryLines(state), ...factLines(state), ...callLines(state)];
  lines.sort((a, b) => a.atMs - b.atMs);
  const first = Math.max(0, lines.length - MAX_LINES);
  const log: RaceView['log'] = {};
  for (let i = first; i < lines.length; i++) log[String(i + 1)] = lines[i];
  return log;
}

function flagLines(state: RaceState): Line[] {
  return state.flags.map(({ flag, lap, atMs, by }) => {
    const text = flag === 'none' ? 'No flag' : `Flag: ${flag}`;
    return { atMs, lap, text: by === undefined ? text : `${text}, by ${by}` };
  });
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

/** What people said of cars, and what they took back; flags stand among the flags. */
function factLines(state: RaceState): Line[] {
  const lines: Line[] = [];
  const tell = (about: string, facts: readonly PersonFact[]) => {
    for (const { inputId, type, lap, value, atMs, author } of facts) {
      if (type === 'flag') continue;
      const text = `${author} on ${about}: ${type} ${value}`;
      const undone = state.undone.find(({ undoes }) => undoes === inputId);
      lines.push({
        atMs,
        lap: lap ?? 0,
        text: undone === undefined ? text : `${text} (taken back by ${undone.author})`,
      });
    }
  };
  tell('the race', state.facts);
  for (const { roster, facts } of Object.values(state.entries)) tell(`car ${roster.number}`, facts);
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
