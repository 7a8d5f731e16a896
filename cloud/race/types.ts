/**
 * The state of one race: plain data (JSON in, JSON out, no Map, no class), small enough for a table item, changed only by
 * `applyRecord`. Lap numbers count completed laps. Times: epoch ms on the race clock; durations in ms.
 */
import type { CallMessage, Flag } from '#wire/messages.js';
import type { FactType, RosterEntry, SessionOpen } from '#wire/race-records.js';

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
  /** Place of the record in the timing feed (`recordVersion`): of two records for one lap the later one counts. */
  version: number;
  /** What timing gave, where `lapTimeMs` is a person's correction; absent otherwise. */
  officialTimeMs?: number | null;
}

/** Derived from `passages`, `reports` and `facts`, whole, whenever one of them changes: so arrival order cannot matter. */
export interface Stop {
  /** Lap that ended in the stop (the in-lap). */
  lap: number;
  /** Lap that began with it: `lap` + 1, or `lap` where the whole pit lane lies before the line; null while inside. */
  outLap: number | null;
  inMs: number;
  outMs: number | null;
  laneTimeMs: number | null;
  boxTimeMs: number | null;
  tyresChanged: 0 | 2 | 4 | null;
  /** Fuel that a person says went in, kg; null = nobody said. */
  fuelAddedKg: number | null;
  /** The set that was fitted and what else was done, in a person's words; null = nobody said. */
  tyreSet: string | null;
  service: string | null;
  /** Offset + ECU integral (see `CarData`) at pit exit, kg; null where it is not known. */
  ecuUsedKg: number | null;
  flag: Flag;
}

/** A crossing of the pit-in or pit-out loop. */
export interface PitPassage {
  loop: 'PI' | 'PO';
  lap: number;
  atMs: number;
  version: number;
}

/** What the officials reported about a stop. */
export interface StopReport {
  lap: number;
  atMs: number;
  boxTimeMs: number;
  laneTimeMs: number;
  tyresChanged: 0 | 2 | 4;
  version: number;
}

/** Timing had told this many laps, and no more, when it had told this version of them. */
export interface Recount {
  lap: number;
  atMs: number;
  version: number;
}

/** What a person said. All are kept; which of them count is `facts/in-force.ts`. */
export interface PersonFact {
  type: FactType;
  lap: number | null;
  value: number | string;
  atMs: number;
  author: string;
  inputId: string;
}

/** What the car itself reported last: 1 Hz summaries, joined to official laps by event time. */
export interface CarData {
  atMs: number;
  /** ECU integral since boot, kg; null when the car has no such channel. */
  fuelUsedKg: number | null;
  boot: string;
  /** What earlier boots had used when they were last heard, kg: it keeps the sums below growing across a restart. */
  fuelOffsetKg: number;
  /** Offset + integral at the last official crossing and at the start of the stint; the difference is what strategy reads. */
  fuelUsedAtLapKg: number | null;
  fuelUsedAtStintKg: number | null;
  /** The same when the car was first heard before its first lap; null when it was first heard later. */
  fuelUsedAtStartKg: number | null;
  /** Measured use per completed green lap (not in or out of the pits), newest last, at most 8. */
  fuelPerLapKg: number[];
  /** The same for laps under yellow. */
  fuelPerYellowLapKg: number[];
  /** Newest samples of offset + integral, ascending, by which crossings are interpolated. */
  samples: { atMs: number; usedKg: number }[];
  /** Offset + integral at the newest official crossings, ascending. */
  crossings: { lap: number; usedKg: number }[];
  channels: Record<string, { min: number; max: number; mean: number; last: number }>;
}

/** One lap as the car told it: event time of the crossing, its lap time, its count. */
export type CarLapRow = [atMs: number, lapTimeMs: number, hint: number];

/** What the car said of its laps, and what the arbiter makes of it. All but `told` is derived. */
export interface CarLaps {
  /** Newest rows, ascending by time; at most 40. */
  told: CarLapRow[];
  /** What to add to the car's event times to get official ones, and the laps that told so. */
  offsetMs: number;
  matches: number;
  /** Of the laps kept that both have: how many, how many differ by more than half a second, and the widest difference. */
  compared: number;
  disagreed: number;
  worstMs: number;
  /** Laps that timing has not confirmed yet; `confidence` 0…1. */
  provisional: { lap: number; lapTimeMs: number; atMs: number; confidence: number }[];
  /** Own cars whose laps timing has ceased to confirm: the lap that counts as completed. Absent otherwise. */
  carriedTo?: number;
}

export interface EntryState {
  /** The newest row, and those that held before it, ascending; absent where it is the only one. */
  roster: RosterEntry;
  rosterBefore?: RosterEntry[];
  status: 'grid' | 'running' | 'pit' | 'retired' | 'finished';
  laps: Lap[];
  stops: Stop[];
  /** Event time of the first crossing after the start (lap 0), where the feed has one. */
  startAtMs: number | null;
  /** Laps completed when the present stint began (0 = start). */
  stintFromLap: number;
  /** Laps completed when the present tyres were fitted. */
  tyresFromLap: number;
  /** Official at the newest crossing; the place in `order` where the feed gives none or the car has retired. */
  position: number | null;
  bestLapMs: number | null;
  car: CarData | null;
  /** Absent until the car has told of a lap. */
  carLaps?: CarLaps;
  /** Fuel that a person or a stop report says went in at the last stop, kg; null = assumed filled. */
  fuelAddedKg: number | null;
  alarms: { name: string; level: 'warning' | 'critical'; value: number; atMs: number }[];
  /** Event time of the newest word on each alarm, raised or cleared. */
  alarmAtMs: Record<string, number>;
  /** The facts that `stops` and `status` are derived from. */
  passages: PitPassage[];
  reports: StopReport[];
  /** Laps that timing took back, ascending by version; absent until it did. */
  recounts?: Recount[];
  facts: PersonFact[];
  retirement: { lap: number; atMs: number; version: number } | null;
}

export interface FlagChange {
  flag: Flag;
  /** Leader's completed laps. */
  lap: number;
  atMs: number;
  /** Who said so; absent for timing. */
  by?: string;
}

export interface RaceState {
  version: 1;
  session: SessionOpen;
  phase: 'open' | 'running' | 'finished' | 'closed';
  flag: Flag;
  /** Leader's completed laps. */
  lap: number;
  greenAtMs: number | null;
  /** Flags that count, ascending: timing's, and people's where they say more. */
  flags: FlagChange[];
  /** Flags as timing showed them, ascending. */
  timedFlags: FlagChange[];
  /** What people said of the race as a whole, and which of their facts they took back. */
  facts: PersonFact[];
  undone: { undoes: string; atMs: number; author: string; inputId: string }[];
  /** Keyed by entry. */
  entries: Record<string, EntryState>;
  /** Entries by official position (lap first, then order of crossing). */
  order: string[];
  /**
   * Greatest event time of official timing and people, and while timing is silent of own cars' laps, on official time: cars'
   * clocks have been seen wrong by days and do not count.
   */
  lastEventMs: number;
  /** Newest event time of official timing, and since when it is silent; absent before its first word. */
  timing?: { atMs: number; silentSinceMs: number | null };
  calls: Record<string, CallState>;
  /** Records that could not be used, by reason. */
  ignored: Record<string, number>;
  /** Newest health per thing. */
  health: Record<string, AgentHealth>;
}

/** What is kept of an agent's newest word about itself. */
export interface AgentHealth {
  /** By the agent's own clock, which may be off. */
  atMs: number;
  /** When its newest one came, by the stream's arrival stamp (race clock). */
  heardMs: number;
  link: 'up' | 'down';
  unsent: number;
  unacked: number;
  bootCount: number;
  /** Age of the oldest record that is not acknowledged end to end. */
  oldestMs: number;
  /** Records given up, for whatever reason. */
  dropped: number;
  reconnects: number;
  rttMs: number | null;
  /** What event time in the car rests on; null where it is the race clock of a rehearsal. */
  clock: { quality: string; errorMs: number | null } | null;
}

export type CallStatus = 'proposed' | 'accepted' | 'rejected' | 'sent' | 'delivered' | 'done' | 'expired';

/** A pit call and its history (decision 11). */
export interface CallState {
  call: CallMessage;
  status: CallStatus;
  /** Reasons in words with their figures. */
  reasons: string[];
  expectedGainMs: number;
  /** 80 % interval of the gain. */
  gainLowMs: number;
  gainHighMs: number;
  /** Places gained at the flag, as simulated races have it, with their 80 % interval; absent before there were any. */
  gainPlaces?: { low: number; mean: number; high: number };
  /** What the stop was expected to bring: place at the end of the out-lap, and cost in time; absent where nobody foretold it. */
  expected?: { position: number | null; lossMs: number };
  /** What became of it; absent until the car has stopped and completed its out-lap, and where a newer call took its place. */
  outcome?: CallOutcome;
  history: { status: CallStatus; atMs: number; by: string }[];
  /** Provenance (decision 10). */
  answer: { stateHash: string; seed: number; runs: number; engineVersion: string; trigger: string };
}

/** What happened after a call that has ended. */
export interface CallOutcome {
  /** In-lap of the first stop after the call, and whether that was one of the call's laps. */
  lap: number;
  asCalled: boolean;
  /** Place at the end of the out-lap, and what was foretold. */
  position: number;
  predictedPosition: number | null;
  /** What the stop cost, in-lap and out-lap together; null where it cannot be told. */
  lossMs: number | null;
  /** Estimate: the expected gain less what the stop cost more than expected, the rest of the race taken as foretold. */
  gainMs: number | null;
}

/** What a fold found worth telling: what strategy is asked on, and what is written to tables. */
export type RaceTrigger =
  | { type: 'lap'; entry: string; lap: Lap }
  | { type: 'flag'; flag: Flag; lap: number; atMs: number }
  | { type: 'stop'; entry: string; stop: Stop }
  | { type: 'retired'; entry: string; lap: number; atMs: number }
  | { type: 'session'; phase: RaceState['phase']; atMs: number }
  | { type: 'call'; callId: string; status: CallStatus; atMs: number }
  /** Timing took laps back: those after `lap`. */
  | { type: 'recount'; entry: string; lap: number; removed: Lap[]; version: number; atMs: number }
  /** `entry` null: about the race as a whole. */
  | { type: 'fact'; entry: string | null; atMs: number }
  /** Timing is silent, and an own car carries on with a lap that it told itself. */
  | { type: 'provisional'; entry: string; lap: number; atMs: number };
