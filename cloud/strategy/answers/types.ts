/**
 * What strategy answers, in the twelve groups of a strategist's screen. Plain data (JSON in, JSON out): it stands in snapshots
 * and goes to the screen. Null = not known; nothing is ever NaN. Laps count completed laps; durations in ms; bands are 80 %
 * intervals.
 *
 * `Answers` is what needs no Monte Carlo, asked in the fold; `Forecast` (`forecast-types.ts`) is what does.
 */
import type { LinkSeen } from '#cloud/race/heard.js';
import type { Flag } from '#wire/messages.js';

/** 80 % interval around the mean. */
export interface Band {
  low: number;
  mean: number;
  high: number;
}

/** What a group rests on, the weightiest first. */
export type Source = 'timing' | 'car' | 'people' | 'practice' | 'session' | 'model';

/** Stands with every group: of when, from whom, how sure, and what makes it less sure. */
export interface Known {
  /** Event time of the newest fact that it rests on, epoch ms on the race clock. */
  atMs: number;
  source: Source;
  /** 0 (a guess) … 1 (as official timing has it). */
  confidence: number;
  /** Why it is not higher, in words, the worst first: `timing has been silent for 42 s`; empty when nothing lowers it. */
  why: string[];
}

/** Decision 11: an answer is a pure function of these. */
export interface Provenance {
  stateHash: string;
  seed: number;
  runs: number;
  engineVersion: string;
  trigger: string;
}

/** Group 1. The race as it stands. */
export interface RaceAnswer {
  known: Known;
  lap: number;
  /** Of the leader; by the clock an estimate; null where nothing tells it yet. */
  lapsTotal: number | null;
  lapsToGo: number | null;
  /** Null where the rules know no stages. */
  stage: { stage: number; of: number; endLap: number; lapsToEnd: number } | null;
  flag: Flag;
  /** Leader's laps since the newest restart (or start); null under yellow and red, and before the start. */
  lapsSinceRestart: number | null;
  cautions: number;
  leader: string | null;
}

/** Group 2. An estimate with a band: no fuel gauge is assumed. Laps are green laps. */
export interface FuelAnswer {
  known: Known;
  lapsLeft: Band;
  leftKg: Band;
  perLapKg: Band;
  perYellowLapKg: number;
  /** Beyond what is on board, to the end of the race; 0 when it reaches. */
  toAddKg: number;
  /** Stops still needed on full tanks by the cautious end of the band. */
  stopsNeeded: number;
  /** On what is on board; the stage's is null where there is none, or it ends with the race. */
  toStageEnd: Reach | null;
  toFinish: Reach;
}

export interface Reach {
  laps: number;
  /** Laps over (+) or short (−). */
  over: Band;
  /** Chance that what is on board reaches. */
  chance: number;
  /** What the driver must save to reach it with nine chances in ten; null when nothing must be saved, or no saving would do. */
  saving: { percent: number; kgPerLap: number } | null;
}

/** Group 3. Laps at whose end the next stop may be made. */
export interface WindowAnswer {
  known: Known;
  openLap: number;
  closeLap: number;
  bestLap: number;
  stopsToGo: number;
  /** Remaining race time lost against the best lap, by lap of the window: 0 at `bestLap`, less than 0 elsewhere. At most 40 points. */
  gain: { lap: number; gainMs: number }[];
  /** Laps by which rules ask for a stop though fuel and tyres do not; null when none do. */
  demand: { byLap: number; reason: string } | null;
}

/** What is done at a stop. */
export type Service = 'fuelOnly' | 'twoTyres' | 'fourTyres' | 'nothing';

/** A car that is met. */
export interface Neighbour {
  entry: string;
  gapMs: number;
  tyreAgeLaps: number;
}

/** Where a stop puts the car. */
export interface RejoinAnswer {
  position: number;
  ahead: Neighbour | null;
  behind: Neighbour | null;
  /** Slower cars within the next seconds ahead, laps down included: who is in the way. */
  traffic: number;
  lapsDown: number;
}

/** Group 4, as far as no race is drawn: as it stands, if the car comes in now and rivals stay out. */
export interface PitNowAnswer {
  known: Known;
  /** By the services that this kind of racing knows. */
  lossMs: Partial<Record<Service, number>>;
  rejoin: Partial<Record<Service, RejoinAnswer>>;
}

/** Group 6. One car of the field. */
export interface StandingAnswer {
  lastStopLap: number | null;
  stops: number;
  tyreAgeLaps: number;
  /** Tyres changed at the last stop; null: no stop yet, or nobody said. */
  tyresTaken: 0 | 2 | 4 | null;
  /** Whether its fuel reaches the end; null: too near to tell. */
  fuelToEnd: boolean | null;
  /** Cars that stopped on about the same laps share a group; 1 = those who stopped last. */
  group: number;
  freePass: boolean;
  waveAround: boolean;
  /** Chance of a stop within five laps, as habits of the race have it. */
  stopWithin5: number | null;
}

/** Group 7. Time lost to wear since the car's last stop, and against whom. */
export interface FalloffAnswer {
  known: Known;
  tyreAgeLaps: number;
  /** Lost on a lap to tyre age, now; and lost so far in this stint. */
  perLapMs: Band;
  lostMs: number;
  /** Change with one more lap of age. */
  msPerLap: Band;
  /** By lap of tyre age, 0 … at most 60: ms slower than on new tyres; for the curve on the screen. */
  curve: Band[];
  rivals: FalloffRival[];
}

export interface FalloffRival {
  entry: string;
  /** Why it is here. */
  as: 'leader' | 'ahead' | 'behind';
  tyreAgeLaps: number;
  /** Expected lap of this car less the rival's, now: > 0 = we lose so much a lap. */
  perLapMs: number;
  /** Sum of the same since the later of both last stops, by laps that both drove: > 0 = lost. */
  sinceStopMs: number | null;
  /** Undercut: what new tyres gain on the rival a lap, at once, and the lap until which a stop now is worth its gap; null: not. */
  undercut: { gainPerLapMs: number; crossoverLap: number | null } | null;
}

/** Group 8. Clean laps at racing speed. */
export interface PaceAnswer {
  known: Known;
  lastMs: number | null;
  mean5Ms: number | null;
  mean10Ms: number | null;
  /** Of the mean over five laps in the field (in the class, where there are classes); null: too few laps. */
  rank: number | null;
  expectedMs: Band | null;
  ahead: GapTrend | null;
  behind: GapTrend | null;
}

export interface GapTrend {
  entry: string;
  gapMs: number;
  /** Change of the gap per lap over the newest laps of both; < 0 = it closes. */
  msPerLap: number | null;
  /** Laps until the gap is closed at that rate; null: it opens, or not before the end. */
  lapsToCatch: number | null;
}

/** Group 9, as far as no race is drawn. */
export interface CautionAnswer {
  known: Known;
  /** Chance of one on the next lap; and how long one lasts, laps. */
  perLap: number;
  lengthLaps: number;
  /** By own entry: chance of one before the window closes; null without a window. */
  beforeClose: Record<string, number | null>;
  /** By own entry, under a caution: place for the restart if it stays out, and if it stops; null under green. */
  restart: Record<string, { stay: number; pit: number } | null>;
}

/** Group 10. */
export interface PitRoadAnswer {
  known: Known;
  /** What a stop costs, in-lap and out-lap together. */
  green: Band;
  yellow: Band;
  stopsSeen: { green: number; yellow: number };
  /** By entry: sum over its stops so far, and the newest one; entries without a stop are absent. */
  stops: Record<string, { count: number; lostMs: number | null; lastLaneMs: number | null; lastBoxMs: number | null }>;
}

/** Group 11. What people told of tyres and set-up. */
export interface TyreSetAnswer {
  known: Known;
  /** Sets used so far, oldest first; the last one is on the car. Empty: nobody told. */
  used: string[];
  /** Sets left; null: nobody told how many there were. */
  left: number | null;
  /** Dry compounds that the rules still ask for; null: none asked, or nobody told. */
  compoundsToUse: number | null;
  /** What was done at stops beside tyres and fuel, oldest first, in people's words. */
  changes: { lap: number; text: string }[];
  /** What is damaged, in a person's words. */
  damage: string | null;
  driver: { name: string; leftMs: number | null };
}

/** Group 12. How far the data can be trusted. */
export interface DataHealthAnswer {
  known: Known;
  facts: { fact: 'laps' | 'order' | 'flag' | 'stops'; source: Source; ageMs: number | null }[];
  /** Laps that timing and cars both told: how many, how many differ by more than half a second, and the widest difference. */
  compared: number;
  disagreed: number;
  worstMs: number;
  /** Since when timing is silent; null while it speaks. */
  silentMs: number | null;
  /** By own entry with an agent. */
  links: Record<string, LinkSeen & { delayMs: number; telemetryAgeMs: number | null }>;
}

/** What is said of every car. */
export interface EntryAnswer extends StandingAnswer {
  entry: string;
  /** Laps that the fuel in the tank lasts from now; null when the car is out. */
  fuelLapsLeft: Band | null;
  falloffMsPerLap: number | null;
  /** Expected clean lap, ms. */
  paceMs: Band | null;
  pitWindow: { openLap: number; closeLap: number; bestLap: number; stopsToGo: number } | null;
  /** If it pits now. */
  rejoin: { position: number; gapAheadMs: number | null; aheadEntry: string | null } | null;
}

/** What is said of our own cars alone. A group is null where the car is out or nothing is known. */
export interface OwnAnswer {
  entry: string;
  fuel: FuelAnswer | null;
  window: WindowAnswer | null;
  pitNow: PitNowAnswer | null;
  falloff: FalloffAnswer | null;
  pace: PaceAnswer | null;
  tyreSets: TyreSetAnswer;
  /** The stop that the quick models would make; what calls rest on until a forecast has come. */
  plan: StopPlan | null;
}

/** The stop that we would make, against the one that it is compared with. */
export interface StopPlan {
  /** In-lap. */
  lap: number;
  /** In-lap of the alternative: the last possible lap, or under yellow the best lap under green. */
  versusLap: number;
  /** Remaining race time with the alternative less that with the plan. */
  gainMs: Band;
  /** Chance that the tank is dry before the alternative's lap, and that a caution falls before it. */
  dryShare: number;
  cautionShare: number;
  /** The plan uses a caution that is out now. */
  opportunity: boolean;
  service: { tyres: 0 | 2 | 4; fuelKg: number };
}

/** Everything that the fold asks for, with its provenance. */
export interface Answers {
  lap: number;
  atMs: number;
  race: RaceAnswer;
  cautions: CautionAnswer;
  pitRoad: PitRoadAnswer;
  /** Looks at agents' health too, which is not in the state hash. */
  dataHealth: DataHealthAnswer;
  /** Every car; the group's own `known` is `standings`. */
  standings: Known;
  entries: Record<string, EntryAnswer>;
  own: Record<string, OwnAnswer>;
  provenance: Provenance;
}
