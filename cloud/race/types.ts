/**
 * The state of one race: plain data (JSON in, JSON out, no Map, no class), small enough for a table item, changed only by
 * `applyRecord`. Lap numbers count completed laps. Times: epoch ms on the race clock; durations in ms.
 */
import type { CallMessage, Flag } from '#wire/messages.js';
import type { RosterEntry, SessionOpen } from '#wire/race-records.js';

/** One completed lap as the timing feed gave it. Arrays of these are the biggest part of a snapshot: keep them small. */
export interface Lap {
  lap: number;
  lapTimeMs: number | null;
  /** Event time of the crossing. */
  atMs: number;
  position: number | null;
  flag: Flag;
  /** The lap ended in the pit lane / began in it. */
  inLap: boolean;
  outLap: boolean;
}

export interface Stop {
  lap: number;
  inMs: number;
  outMs: number | null;
  laneTimeMs: number | null;
  boxTimeMs: number | null;
  tyresChanged: 0 | 2 | 4 | null;
  flag: Flag;
}

/** What the car itself reported last: 1 Hz summaries, joined to official laps by event time. */
export interface CarData {
  atMs: number;
  /** ECU integral since boot, kg; null when the car has no such channel. */
  fuelUsedKg: number | null;
  boot: string;
  /** ECU integral at the last official crossing and at the start of the stint; the difference is what strategy reads. */
  fuelUsedAtLapKg: number | null;
  fuelUsedAtStintKg: number | null;
  /** Estimated use per completed green lap, newest last, at most 8. */
  fuelPerLapKg: number[];
  channels: Record<string, { min: number; max: number; mean: number; last: number }>;
}

export interface EntryState {
  roster: RosterEntry;
  status: 'grid' | 'running' | 'pit' | 'retired' | 'finished';
  laps: Lap[];
  stops: Stop[];
  /** Lap on which the present stint began (0 = start). */
  stintFromLap: number;
  /** Laps completed when the present tyres were fitted. */
  tyresFromLap: number;
  position: number | null;
  elapsedMs: number | null;
  bestLapMs: number | null;
  car: CarData | null;
  /** Fuel that a person or a stop report says went in at the last stop, kg; null = assumed filled. */
  fuelAddedKg: number | null;
  alarms: { name: string; level: 'warning' | 'critical'; value: number; atMs: number }[];
}

export interface RaceState {
  version: 1;
  session: SessionOpen;
  phase: 'open' | 'running' | 'finished' | 'closed';
  flag: Flag;
  /** Leader's completed laps. */
  lap: number;
  greenAtMs: number | null;
  flags: { flag: Flag; lap: number; atMs: number }[];
  /** Keyed by entry. */
  entries: Record<string, EntryState>;
  /** Entries by official position (lap first, then order of crossing). */
  order: string[];
  /** Greatest event time folded. */
  lastEventMs: number;
  calls: Record<string, CallState>;
  /** Records that could not be used, by reason. */
  ignored: Record<string, number>;
  /** Newest health per thing. */
  health: Record<string, { atMs: number; link: 'up' | 'down'; unsent: number; unacked: number; bootCount: number }>;
}

export type CallStatus = 'proposed' | 'accepted' | 'rejected' | 'sent' | 'delivered' | 'done' | 'expired';

/** A pit call and its history (decision 12). */
export interface CallState {
  call: CallMessage;
  status: CallStatus;
  /** Reasons in words with their figures. */
  reasons: string[];
  expectedGainMs: number;
  /** 80 % interval of the gain. */
  gainLowMs: number;
  gainHighMs: number;
  history: { status: CallStatus; atMs: number; by: string }[];
  /** Provenance (decision 11). */
  answer: { stateHash: string; seed: number; runs: number; engineVersion: string; trigger: string };
}

/** What a fold found worth telling: what strategy is asked on, and what is written to tables. */
export type RaceTrigger =
  | { type: 'lap'; entry: string; lap: Lap }
  | { type: 'flag'; flag: Flag; lap: number; atMs: number }
  | { type: 'stop'; entry: string; stop: Stop }
  | { type: 'retired'; entry: string; lap: number; atMs: number }
  | { type: 'session'; phase: RaceState['phase']; atMs: number }
  | { type: 'call'; callId: string; status: CallStatus; atMs: number }
  | { type: 'fact'; entry: string; atMs: number };
