import type { RulesId } from '#wire/race-records.js';
import type { RaceState } from '../types.js';

/** What a kind of racing says that strategy and the screen must know. Data: no code asks which kind it is. */
export interface RaceRules {
  id: RulesId;
  /** The race is cut into stages, whose ends bring out a caution; their laps stand in the session. */
  stages: boolean;
  caution: {
    /** Behind a full caution the field closes up; a virtual one keeps the gaps. */
    kinds: readonly ('full' | 'virtual')[];
    /** The first car a lap down gets its lap back. */
    freePass: boolean;
    /** Lapped cars may pass the leader: those that stayed out while the leader stopped, or all of them. */
    waveAround: 'none' | 'stayedOut' | 'all';
    /** Drivers choose their lane for the restart. */
    choose: boolean;
    /** Pit road is closed from the caution until the field has formed up. */
    pitCloses: boolean;
  };
  /** A race by the clock: whether a red flag stops it, and the leader's whole laps after the one in which it runs out. */
  clock: { redStops: boolean; lapsAfter: number };
  /** Fuel may be filled at stops. */
  refuels: boolean;
  /** Names of compounds, and how many different ones a dry race asks for; null where the tyre is one. */
  compounds: { dry: readonly string[]; wet: readonly string[]; dryToUse: number } | null;
  /** Cars race in classes of their own. */
  classes: boolean;
  /** Longest time at the wheel, ms: without a break, and in the whole race; null where one driver drives. */
  driverTime: { stintMs: number; raceMs: number } | null;
}

const HOUR_MS = 3_600_000;

/**
 * Sources: NASCAR Cup rules as its broadcasts state them (stages, free pass, wave-around, choose); FIA Formula One sporting
 * regulations (two dry compounds, virtual safety car, lapped cars may overtake; two hours, a suspension added to them, the
 * end-of-race signal one lap after the lap in which they end); 24-hour endurance regulations (4 h at the wheel in any 6,
 * 14 h in all; the clock runs on under red). `oval`: stages and cautions, and nobody gets a lap back.
 * A series that differs is a new row, not a new branch.
 */
export const RULES: Readonly<Record<RulesId, RaceRules>> = {
  nascar: {
    id: 'nascar',
    stages: true,
    caution: { kinds: ['full'], freePass: true, waveAround: 'stayedOut', choose: true, pitCloses: true },
    clock: { redStops: false, lapsAfter: 0 },
    refuels: true,
    compounds: null,
    classes: false,
    driverTime: null,
  },
  oval: {
    id: 'oval',
    stages: true,
    caution: { kinds: ['full'], freePass: false, waveAround: 'none', choose: false, pitCloses: true },
    clock: { redStops: false, lapsAfter: 0 },
    refuels: true,
    compounds: null,
    classes: false,
    driverTime: null,
  },
  f1: {
    id: 'f1',
    stages: false,
    caution: { kinds: ['full', 'virtual'], freePass: false, waveAround: 'all', choose: false, pitCloses: false },
    clock: { redStops: true, lapsAfter: 1 },
    refuels: false,
    compounds: { dry: ['soft', 'medium', 'hard'], wet: ['intermediate', 'wet'], dryToUse: 2 },
    classes: false,
    driverTime: null,
  },
  endurance: {
    id: 'endurance',
    stages: false,
    caution: { kinds: ['full', 'virtual'], freePass: false, waveAround: 'stayedOut', choose: false, pitCloses: true },
    clock: { redStops: false, lapsAfter: 0 },
    refuels: true,
    compounds: null,
    classes: true,
    driverTime: { stintMs: 4 * HOUR_MS, raceMs: 14 * HOUR_MS },
  },
  sprint: {
    id: 'sprint',
    stages: false,
    caution: { kinds: ['full'], freePass: false, waveAround: 'none', choose: false, pitCloses: false },
    clock: { redStops: false, lapsAfter: 0 },
    refuels: true,
    compounds: null,
    classes: false,
    driverTime: null,
  },
};

/** The rules of the state's session; `sprint` where it names none, or one that this version does not know. */
export function rulesOf(state: RaceState): RaceRules {
  const { rules } = state.session;
  return rules !== undefined && Object.hasOwn(RULES, rules) ? RULES[rules] : RULES.sprint;
}
