/**
 * What stands in the stream `pitwall-race` beside the agents' JSON: what people put (partition key = race), what the
 * reducers put (partition key = thing), and the race engine's own (`engine-records.ts`). It reads nothing else.
 */
import type { EngineRecord } from './engine-records.js';
import type { AgentEvent, CallAckMessage, HealthMessage, TimingMessage } from './messages.js';

interface PeopleInput {
  v: 1;
  /** Unique; the same id twice is one input. */
  inputId: string;
  race: string;
  author: string;
  eventTimeMs: number;
}

/**
 * One car in a session: who drives which thing, and how timing names it. An entry may have several rows, each from its
 * `fromMs` on: a spare car, a transponder that was changed.
 */
export interface RosterEntry {
  /** Stable key of the car in the race, e.g. `24`. */
  entry: string;
  number: string;
  driver: string;
  team: string;
  cls: string;
  transponder: string;
  /** Thing whose telemetry belongs to this entry; null when the car has none of our agents. */
  thing: string | null;
  /** Our own car: pit calls are made for it. */
  own: boolean;
  /** Event time from which it holds; absent: from the start. */
  fromMs?: number;
}

/** Which kind of racing; what each says is in `cloud/race/rules/rules.ts`. */
export type RulesId = 'nascar' | 'oval' | 'f1' | 'endurance' | 'sprint';

/** A figure that practice gave, with one standard deviation. */
export interface PracticeFigure {
  mean: number;
  sd: number;
}

/** What practice on the track said, as the session began with it; a part is null where practice does not tell it. */
export interface PracticeFigures {
  /** Hash of the laps that it was fitted on. */
  inputs: string;
  /** Change of ln(lap time) per lap of a stint, burnt fuel included. */
  falloffPerLap: PracticeFigure | null;
  /** kg a clean lap. */
  fuelPerLapKg: PracticeFigure | null;
  /** In-lap and out-lap together, against two clean laps. */
  pitLossMs: PracticeFigure | null;
}

export interface SessionOpen extends PeopleInput {
  kind: 'session';
  type: 'open';
  name: string;
  track: string;
  /** Null: the race is by the clock alone. */
  lapsTotal: number | null;
  /** Race time after which it ends, should the laps not be done by then; how the end falls is in the rules. Absent: never. */
  durationMs?: number;
  /** Whose past races tell what to expect: `nascar`, `f1`, `wec`, `grcup`; any other, or absent: those of all. */
  series?: string;
  /** Absent: `sprint`, which promises nothing. */
  rules?: RulesId;
  /** Completed laps at which stages end, ascending, without the last; read where the rules know stages. */
  stageEnds?: number[];
  /** Thing of the trackside agent whose timing is official. */
  timingThing: string;
  /** Whether anything may reach the car at all (decision 11). */
  pitToCar: 'none' | 'display' | 'setup';
  /** What is known before the race; every figure may be corrected by what is observed. */
  car: { tankKg: number; fuelPerLapKg: number; pitLossMs: number; tyreLifeLaps: number };
  /** Absent: nobody practised here, or nobody loaded it. */
  practice?: PracticeFigures;
  roster: RosterEntry[];
  /** Seed of every random draw in strategy answers (decision 10). */
  seed: number;
}

export interface SessionClose extends PeopleInput {
  kind: 'session';
  type: 'close';
}

/** What people speak of; what each takes, and what it counts against timing, is in `cloud/race/facts/fact-types.ts`. */
export type FactType =
  | 'fuelAdded'
  | 'tyres'
  | 'tyreSet'
  | 'service'
  | 'driver'
  | 'damage'
  | 'flag'
  | 'stop'
  | 'retirement'
  | 'lapTime'
  | 'penalty'
  | 'freePass'
  | 'note';

export interface FactInput extends PeopleInput {
  kind: 'fact';
  type: FactType;
  /** Null: of the race as a whole. */
  entry: string | null;
  /** Completed laps; for a stop its in-lap. Null: at `eventTimeMs`. */
  lap: number | null;
  value: number | string;
}

/** Takes a fact back, for good: what it had replaced, or what timing says, counts again. */
export interface FactUndo extends PeopleInput {
  kind: 'fact';
  type: 'undo';
  /** `inputId` of the fact. */
  undoes: string;
}

export interface CallDecision extends PeopleInput {
  kind: 'callDecision';
  callId: string;
  revision: number;
  decision: 'accepted' | 'rejected';
}

export type PeopleRecord = SessionOpen | SessionClose | FactInput | FactUndo | CallDecision;

/** Reducers, once per lap that the car saw (its own, unofficial count): aggregates of channels over that lap. */
export interface LapChannelsRecord {
  v: 1;
  kind: 'lapChannels';
  thing: string;
  boot: string;
  lapHint: number;
  fromMs: number;
  toMs: number;
  channels: Record<string, { min: number; max: number; mean: number }>;
  samples: number;
}

export type RaceRecord =
  | AgentEvent
  | TimingMessage
  | CallAckMessage
  | HealthMessage
  | PeopleRecord
  | LapChannelsRecord
  | EngineRecord;
