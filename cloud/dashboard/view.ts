import type { StrategyShown } from './strategy-shown.js';

/**
 * What the screen shows, as data. The engine publishes a whole view; the hub turns it into a snapshot and JSON merge
 * patches (RFC 7386): in a patch null removes a key, so an optional value that is unknown is *absent*, never null, and
 * collections are objects, never arrays that grow.
 */
export interface RaceView {
  race: string;
  name: string;
  track: string;
  phase: 'open' | 'running' | 'finished' | 'closed';
  flag: 'none' | 'green' | 'virtual' | 'yellow' | 'red' | 'white' | 'checkered';
  /** The person who showed the flag; absent for timing's. */
  flagBy?: string;
  lap: number;
  /** Of the race; in a race by the clock as estimated, absent while nothing tells. */
  lapsTotal?: number;
  lapsEstimated?: true;
  /** Of a race by the clock: until it has run out, race ms. */
  timeLeftMs?: number;
  raceTimeMs: number;
  /** Since the green flag. */
  elapsedMs?: number;
  cautions: number;
  /** Where the rules cut the race into stages. */
  stage?: { stage: number; of: number; endLap: number; lapsToEnd: number };
  /** Event time of the newest fact shown. */
  dataMs: number;
  /** Race ms per wall ms, as reached. */
  speed: number;
  /** Race ms until what is shown is live: a late reader catches up. Absent when it is live. */
  behindMs?: number;
  /** What laps rest on; absent before timing's first word. */
  lapSource?: LapSource;
  /** An archived race, shown once more. */
  isReplay?: true;
  /** While the race runs: the twelve groups of answers. */
  strategy?: StrategyShown;
  /** What `odds` rest on: leader's lap and event time when it was asked, and how many races were simulated. */
  forecast?: { lap: number; dataMs: number; runs: number };
  rows: Record<string, CarRow>;
  calls: Record<string, CallCard>;
  /** Of the calls to stop so far, race ms from the call on; absent before the first. */
  callTimes?: {
    called: number;
    acknowledged: number;
    done: number;
    acknowledgedAfterMs?: number;
    doneAfterMs?: number;
  };
  /** Newest last; key = running number. At most 40. */
  log: Record<string, { atMs: number; lap: number; text: string }>;
}

/** Official timing beside what the cars tell themselves. */
export interface LapSource {
  /** `cars`: timing is silent, own cars carry on from their own laps, all others stand still. */
  source: 'timing' | 'cars';
  /** Race ms since timing's newest word, in whole seconds. */
  ageMs: number;
  /** Of the newest laps that both told: how many, how many differ by more than half a second, and the widest difference. */
  compared: number;
  disagreed: number;
  worstMs: number;
}

export interface CarRow {
  entry: string;
  number: string;
  driver: string;
  team: string;
  thing?: string;
  own: boolean;
  /** 1 … n; rows are drawn in this order. */
  order: number;
  /** `unlisted`: a thing that sends and is in no roster; its entry is its name, and it has no place in the race. */
  status: 'grid' | 'running' | 'pit' | 'retired' | 'finished' | 'unlisted';
  laps: number;
  /** The newest laps are the car's own word: timing has ceased to confirm them. */
  lapsBy?: 'car';
  gapMs?: number;
  lapsDown?: number;
  intervalMs?: number;
  lastLapMs?: number;
  bestLapMs?: number;
  lapsSinceStop: number;
  tyreAge: number;
  stops: number;
  /** Where the rules have classes. */
  cls?: string;
  classPosition?: number;
  /** It would get the free pass, may wave around: as it stands. */
  freePass?: true;
  waveAround?: true;
  /** It got the free pass of the caution that is out. */
  freePassGiven?: true;
  /** What race control imposed and the car has not served; its place with all cars' seconds added, where that is another. */
  penalty?: { seconds: number; driveThroughs: number };
  classified?: number;
  /** What a person says is damaged. */
  damage?: string;
  /** What the rules leave the driver at the wheel, ms. */
  driverLeftMs?: number;
  fuelLapsLeft?: { low: number; mean: number; high: number };
  pitWindow?: { openLap: number; closeLap: number; bestLap: number };
  falloffMsPerLap?: number;
  rejoin?: { position: number };
  /** Cars that stopped on about the same laps share one; 1 = those who stopped last. */
  strategyGroup?: number;
  lastStopLap?: number;
  /** Changed at the last stop. */
  tyresTaken?: 0 | 2 | 4;
  /** Whether what is on board reaches the flag; absent: too near to tell. */
  fuelToEnd?: boolean;
  /** Chance of a stop within five laps. */
  stopWithin5?: number;
  /** At the flag, by simulated races; absent before the first forecast, and once it has finished or is out. */
  odds?: FinishOdds;
  /** Age of the newest telemetry, race ms; absent when the car has none. */
  telemetryAgeMs?: number;
  /** `silent`: said to be up, and not heard of for longer than a living agent is silent. */
  link?: 'up' | 'down' | 'silent';
  /** Race ms since its newest word, in whole seconds; only of a silent one. */
  silentMs?: number;
  /** What the car's agent last said of itself. */
  agent?: AgentCard;
  alarm?: string;
}

/** Place as expected with its 80 % interval, and chances 0 … 1. */
export interface FinishOdds {
  place: number;
  low: number;
  high: number;
  win: number;
  top5: number;
  top10: number;
}

export interface AgentCard {
  /** Records that wait for their end-to-end acknowledgement, and the age of the oldest. */
  unacked: number;
  oldestMs: number;
  /** Records given up since its start. */
  dropped: number;
  reconnects: number;
  rttMs?: number;
  /** What its event time rests on, and how far that may be off; absent in a rehearsal, and where unknown. */
  clock?: string;
  clockErrorMs?: number;
}

export interface CallCard {
  callId: string;
  revision: number;
  entry: string;
  number: string;
  status: 'proposed' | 'accepted' | 'rejected' | 'sent' | 'delivered' | 'done' | 'expired';
  action: 'pit' | 'cancel';
  lapFrom: number;
  lapTo: number;
  text: string;
  reasons: Record<string, string>;
  expectedGainMs: number;
  gainLowMs: number;
  gainHighMs: number;
  expiresAtMs: number;
  decidedBy?: string;
}

/** Newest points of a car's display channels; not part of the numbered deltas: a lost one is not repaired. */
export interface SamplePoints {
  thing: string;
  /** Race-clock epoch ms of each point, ascending. */
  timesMs: number[];
  /** Same length as timesMs for every channel. */
  channels: Record<string, { unit: string; values: number[] }>;
  /** Wall time at which the newest sample was taken, if the race runs at speed 1; for latency only. */
  sampledWallMs?: number;
}
