import type { CallCard, RaceView } from '../view.js';

/** States in which a call still asks something of somebody. */
const OPEN: ReadonlySet<CallCard['status']> = new Set(['proposed', 'accepted', 'sent', 'delivered']);

/** Calls that are cards, most urgent first, and those that are history, newest first. */
export function sortCalls(calls: RaceView['calls']): { open: CallCard[]; past: CallCard[] } {
  const all = Object.values(calls);
  const open = all.filter((call) => OPEN.has(call.status));
  const past = all.filter((call) => !OPEN.has(call.status));
  open.sort(
    (left, right) =>
      Number(right.status === 'proposed') - Number(left.status === 'proposed') || left.expiresAtMs - right.expiresAtMs,
  );
  past.sort((left, right) => right.expiresAtMs - left.expiresAtMs);
  return { open, past };
}

/** Wall ms that a person has left to decide; 0 when the call has expired. Race time runs `speed` times as fast. */
export function leftToDecideMs(call: CallCard, raceNowMs: number, speed: number): number {
  return Math.max(0, call.expiresAtMs - raceNowMs) / (speed > 0 ? speed : 1);
}

/** `lap 23`, `laps 23–25`. */
export function callLaps({ lapFrom, lapTo }: Pick<CallCard, 'lapFrom' | 'lapTo'>): string {
  return lapFrom === lapTo ? `lap ${lapFrom}` : `laps ${lapFrom}–${lapTo}`;
}

/** Reasons in the order in which they were given: keys are running numbers. */
export function reasonsOf(call: CallCard): string[] {
  return Object.entries(call.reasons)
    .sort(([left], [right]) => left.localeCompare(right, 'en', { numeric: true }))
    .map(([, text]) => text);
}
