import { distance } from '#cloud/race/distance.js';
import type { CallState, RaceState } from '#cloud/race/types.js';
import type { ConsumerStats } from '#cloud/streams/consumer.js';
import type { RefusedCounters } from '#cloud/streams/refused-records.js';
import type { ShardPosition } from '#cloud/streams/shard-graph.js';
import type { CommitCounters } from './committer.js';
import type { VoiceCounters } from './engine-voice.js';
import type { FollowerStats } from './follower.js';
import type { DeskCounters } from './forecast-desk.js';
import type { RaceCore } from './race-core.js';

export interface RaceEngineStats extends RaceStats, EffectStats {
  /** Where unusable records went. */
  refused: RefusedCounters;
  /** 0 while idle or on standby. */
  fence: number;
  role: 'idle' | 'standby' | 'active';
  snapshots: CommitCounters;
  lagMs: number;
  stream: ConsumerStats | null;
  /** Of a standby: what it has in hand. */
  following: FollowerStats | null;
}

/** What the owner of a race did beside folding it. */
export interface EffectStats {
  rowsWritten: number;
  rowsFailed: number;
  callsSent: number;
  /** Own records into the stream. */
  voice: VoiceCounters;
  /** Null without a forecaster. */
  forecasting: DeskCounters | null;
}

/** What the folds say of themselves and of the race. */
export interface RaceStats {
  records: number;
  duplicates: number;
  amendments: number;
  /** By reason: refused by the envelope, before any session, or not usable by the race's folds. */
  ignored: Record<string, number>;
  answers: number;
  forecasts: number;
  failures: number;
  race: string | null;
  phase: RaceState['phase'] | null;
  lap: number;
  /** 0 where nothing tells it. */
  lapsTotal: number;
  flag: RaceState['flag'];
  greenAtMs: number | null;
  /** Entries in the order of the race, winner first. */
  finish: string[];
  calls: CallState[];
  /** How far each shard of the race stream is folded. */
  positions: Record<string, ShardPosition>;
}

export function raceStats({ counters, state, positions }: RaceCore): RaceStats {
  return {
    ...counters,
    ignored: { ...counters.ignored, ...state?.ignored },
    race: state?.session.race ?? null,
    phase: state?.phase ?? null,
    lap: state?.lap ?? 0,
    lapsTotal: (state && distance(state).laps) ?? 0,
    flag: state?.flag ?? 'none',
    greenAtMs: state?.greenAtMs ?? null,
    finish: [...(state?.order ?? [])],
    calls: Object.values(state?.calls ?? {}),
    positions: { ...positions },
  };
}
