import type { SourceStatus } from '../feed-events.js';
import type { RaceView } from '../view.js';
import { age, clock } from './format.js';

/** Wall ms without anything new after which the screen says that it shows the past. */
const STALE_DATA_MS = 5_000;

/** How the page's own stream to the screen server is. */
export type Connection = 'connecting' | 'open' | 'lost';

export interface Mode {
  kind: 'live' | 'catching-up' | 'replay' | 'connecting' | 'over' | 'none';
  word: 'LIVE' | `CATCHING UP ${string} behind` | 'REPLAY' | 'CONNECTING' | 'RACE OVER' | 'NO DATA';
  /** Why, in words; empty when there is nothing to explain. */
  reason: string;
}

export interface ModeInput {
  connection: Connection;
  status: SourceStatus | undefined;
  view: RaceView | undefined;
  /** Wall ms since the newest event of the feed. */
  silentMs: number;
}

/** What the screen is showing, and if it is not the present, why not. */
export function modeOf({ connection, status, view, silentMs }: ModeInput): Mode {
  const over = view?.phase === 'finished' || view?.phase === 'closed';
  if (over)
    return { kind: 'over', word: 'RACE OVER', reason: view.phase === 'closed' ? 'session closed' : 'final order' };
  if (connection === 'lost') {
    return none('The screen server does not answer. Is pitwall still running? Trying again.');
  }
  if (connection === 'connecting') return { kind: 'connecting', word: 'CONNECTING', reason: 'to the screen server' };
  if (status?.state === 'down') return none(status.reason);
  if (!view) {
    return { kind: 'connecting', word: 'CONNECTING', reason: 'The race engine is there; no session is open yet.' };
  }
  if (silentMs > STALE_DATA_MS) {
    return none(`Nothing new from the race engine for ${age(silentMs)}. What is shown is that old.`);
  }
  if (view.behindMs !== undefined) {
    const behind = clock(view.behindMs).padStart(5, '0');
    return { kind: 'catching-up', word: `CATCHING UP ${behind} behind`, reason: 'What came before is folded first.' };
  }
  if (view.isReplay) return { kind: 'replay', word: 'REPLAY', reason: 'out of the archive' };
  const waiting = view.phase === 'open' ? 'Waiting for the green flag.' : '';
  return { kind: 'live', word: 'LIVE', reason: status?.reason || waiting };
}

function none(reason: string): Mode {
  return { kind: 'none', word: 'NO DATA', reason };
}

/** Wall ms between the newest fact shown and now. Race time runs `speed` times as fast. */
export function dataAgeMs(view: RaceView, silentMs: number): number {
  const behindMs = Math.max(0, view.raceTimeMs - view.dataMs);
  return (view.speed > 0 ? behindMs / view.speed : behindMs) + silentMs;
}
