import type { RaceState } from '#cloud/race/types.js';
import type { Forecast } from '#cloud/strategy/answers/forecast-types.js';
import type { Answers } from '#cloud/strategy/answers/types.js';
import type { SeenJson } from '#cloud/streams/seen.js';
import type { ShardPosition } from '#cloud/streams/shard-graph.js';
import { PitwallError } from '#wire/errors.js';
import type { WindowJson } from './reorder-window.js';

/** Written into every snapshot; one of another version is refused rather than misread. */
export const SNAPSHOT_VERSION = 1;
export interface RaceSnapshot {
  version: typeof SNAPSHOT_VERSION;
  positions: Record<string, ShardPosition>;
  seen: SeenJson[];
  /** Of what reducers told; absent in snapshots from before they numbered it. */
  told?: SeenJson[];
  window: WindowJson;
  inputs: string[];
  state: RaceState | null;
  answer: Answers | null;
  askedMs: number;
  toAsk: string | null;
  /** Absent in snapshots from before it counted. */
  toAskIsOurs?: boolean;
  /** Absent in snapshots from before there were any. */
  forecast?: Forecast | null;
  spoken?: EngineMark;
}

/** The engine's newest own record of the race: what does not come behind it was put by an owner of before, or twice. */
export interface EngineMark {
  fence: number;
  seq: number;
}

export const NOTHING_SPOKEN: EngineMark = { fence: 0, seq: 0 };

/** Raises PW-STATE-DAMAGED. */
export function checkVersion({ version }: { version: number }): void {
  if (version === SNAPSHOT_VERSION) return;
  throw new PitwallError('PW-STATE-DAMAGED', {
    what: `A race snapshot of version ${version}; this engine reads ${SNAPSHOT_VERSION}.`,
    fix: 'Run the version of pitwall that wrote it, or open a new session.',
  });
}
