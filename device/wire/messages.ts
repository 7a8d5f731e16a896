/**
 * The JSON words on the wire: what agents publish on normal topics, and what the cloud sends back. Frames, the one binary
 * message, are in `frame.ts`. Times are epoch milliseconds on the race clock unless a name says otherwise.
 */

/** Live: as it happens. Backfill: sent again, or late, within a byte budget. */
export type Lane = 'live' | 'backfill';

/**
 * Which streams a record lands in: `frames` (frames and channel tables → both frame streams), `race` (all other journaled
 * JSON → `pitwall-race`). The archiver acknowledges each family by itself, once it is archived; that frees it.
 */
export type Family = 'frames' | 'race';

/**
 * Heads every journaled JSON message. `prev` is the seq of the sender's previous record of the *same family* (0 for the
 * first of a boot): numbers in between belong to the other family, so a reader of one family keeps its ranges contiguous.
 */
export interface Envelope {
  v: 1;
  thing: string;
  /** `formatBoot` text. */
  boot: string;
  seq: number;
  prev: number;
  eventTimeMs: number;
}

/** Min, max, mean and last of one channel over the second that a summary covers. Physical units of the channel table. */
export interface ChannelSummary {
  min: number;
  max: number;
  mean: number;
  last: number;
}

/** Once a second, made in the agent: what rules reason about and strategy reads between laps. */
export interface SummaryEvent extends Envelope {
  kind: 'event';
  type: 'summary';
  /** Laps as the car counts them: a hint, often one too high; 32768 means that the counter is invalid. */
  lapHint: number;
  channels: Record<string, ChannelSummary>;
  /** Integral of the ECU's fuel-flow channel since boot, kg; a biased sensor, not the truth. Absent when there is none. */
  fuelUsedKg?: number;
}

/** The car's beacon saw the line. */
export interface CarLapEvent extends Envelope {
  kind: 'event';
  type: 'lap';
  lapHint: number;
  lapTimeMs: number;
  /** Absent where the car knows no sectors, or did not see all of this lap's. */
  sectorsMs?: readonly number[];
}

export interface AlarmEvent extends Envelope {
  kind: 'event';
  type: 'alarm';
  name: string;
  level: 'warning' | 'critical';
  state: 'raised' | 'cleared';
  /** The channel, or the expression, that is watched. */
  channel: string;
  /** Of a condition 1 or 0, and its limit 1. */
  value: number;
  limit: number;
}

/** Applied or refused desired setup (also reported in the shadow; this is its trace in the stream). */
export interface SetupEvent extends Envelope {
  kind: 'event';
  type: 'setup';
  version: number;
  outcome: 'applied' | 'refused';
  reason?: string;
}

export type AgentEvent = SummaryEvent | CarLapEvent | AlarmEvent | SetupEvent;

/** Channel table (names, units, scales) published by hash at boot and on change. Same bytes, same hash. */
export interface SchemaMessage extends Envelope {
  kind: 'schema';
  hash: string;
  table: { channels: ChannelSpec[] };
}

export interface ChannelSpec {
  name: string;
  /** UCUM-like text: `km/h`, `rpm`, `kPa`, `Cel`, `%`, `1`. */
  unit: string;
  /** physical = raw × scale + offset. */
  scale: number;
  offset: number;
  rateHz: number;
}

/** `yellow`: a full caution behind a car; `virtual`: slowed by rule, gaps kept (virtual safety car, slow zone everywhere). */
export type Flag = 'none' | 'green' | 'virtual' | 'yellow' | 'red' | 'white' | 'checkered';

/** A transponder crossed a timing loop. `SF` = start/finish, `PI`/`PO` = pit in/out. As official as it gets. */
export interface PassingMessage extends Envelope {
  kind: 'timing';
  type: 'passing';
  /** '' where the feed does not name it: then the number says who it was. */
  transponder: string;
  number: string;
  loop: 'SF' | 'PI' | 'PO';
  /** Laps completed with this crossing (SF), or the lap under way (PI, PO). */
  lap: number;
  /** SF only: time of the completed lap; null for the first crossing after the start. */
  lapTimeMs: number | null;
  /** SF only: official running position at this crossing. */
  position: number | null;
  /** Race time elapsed since the green flag. */
  elapsedMs: number;
}

export interface FlagMessage extends Envelope {
  kind: 'timing';
  type: 'flag';
  flag: Flag;
  /** Leader's completed laps when it was shown. */
  lap: number;
}

/** A stop as the timing service or the pit-road officials report it. Tyres and fuel are what the crew chief announces. */
export interface StopMessage extends Envelope {
  kind: 'timing';
  type: 'stop';
  number: string;
  lap: number;
  boxTimeMs: number;
  laneTimeMs: number;
  tyresChanged: 0 | 2 | 4;
}

export interface RetirementMessage extends Envelope {
  kind: 'timing';
  type: 'retirement';
  number: string;
  lap: number;
}

/** Timing takes laps back: the car has completed `lap` of them and no more. What it tells of later ones from then on counts. */
export interface RecountMessage extends Envelope {
  kind: 'timing';
  type: 'recount';
  /** '' where the feed does not name it: then the number says who it was. */
  transponder: string;
  number: string;
  lap: number;
}

export type TimingMessage = PassingMessage | FlagMessage | StopMessage | RetirementMessage | RecountMessage;

/** An agent with a link tells of its health at least so often, race ms. */
export const HEALTH_EVERY_MS = 10_000;

/** Not journaled, no seq: the newest counts. */
export interface HealthMessage {
  v: 1;
  kind: 'health';
  thing: string;
  boot: string;
  eventTimeMs: number;
  link: 'up' | 'down';
  journal: { unsentRecords: number; unackedRecords: number; bytes: number; oldestUnackedMs: number };
  drops: Record<string, number>;
  reconnects: number;
  rttMs: number | null;
  /** Event time in the car; absent where it is the race clock of a rehearsal. */
  clock?: ClockHealth;
  /** Counts of each source by name: read, dropped, not decodable. */
  sources?: Record<string, Record<string, number>>;
  /** State of each component by name, with the reason of its last failure. */
  components?: Record<string, { state: string; failures: number; reason?: string }>;
  /** What is collected and why not, as counts since the start; absent for an agent without samples. */
  campaigns?: Record<string, number>;
  /** The job under way, and how far it is. */
  job?: { jobId: string; step: string | null };
}

/** What event time rests on, and how far off it may be. */
export interface ClockHealth {
  quality: 'unknown' | 'wall' | 'peer' | 'gps';
  /** null = unknown. */
  errorMs: number | null;
  /** Event time minus the machine's own clock, ms. */
  offsetMs: number;
  /** Times that event time was set at once. */
  steps: number;
  /** Times that the machine's clock jumped; event time did not. */
  machineJumps: number;
}

/**
 * A pit call is a command, not state (decision 11). QoS 1 on `…/calls`; the car drops one that is expired or superseded
 * and says so on `…/calls/ack`.
 */
export interface CallMessage {
  v: 1;
  kind: 'call';
  callId: string;
  revision: number;
  supersedes: string | null;
  race: string;
  entry: string;
  action: 'pit' | 'cancel';
  /** Laps on which it may be obeyed, inclusive. */
  lapFrom: number;
  lapTo: number;
  service: { tyres: 0 | 2 | 4; fuelKg: number };
  text: string;
  expiresAtMs: number;
}

export interface CallAckMessage extends Envelope {
  kind: 'callAck';
  callId: string;
  revision: number;
  outcome: 'delivered' | 'expired' | 'superseded' | 'refused';
  reason?: string;
}

/**
 * End-to-end acknowledgement: the reader of the stream has these records and its checkpoint is durable. Only this frees
 * the agent's journal. Ranges are inclusive and *per family*: a number inside a range that belongs to the other family is
 * not acknowledged by it.
 */
export interface AckMessage {
  v: 1;
  kind: 'ack';
  boot: string;
  family: Family;
  ranges: [from: number, to: number][];
  /** The sender's race clock when it sent this, epoch ms: an agent tells its own clock's error from it. */
  atMs?: number;
}

/** Desired and reported parts of the named shadow `setup`. Flat, so that a delta is one level deep. */
export interface CarSetup {
  wingDeg: number;
  frontPressureKpa: number;
  rearPressureKpa: number;
  brakeBiasPct: number;
  fuelMap: number;
}
