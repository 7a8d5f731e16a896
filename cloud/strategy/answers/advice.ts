import type { RaceState } from '#cloud/race/types.js';
import type { Forecast, ForecastPlan, OwnForecast } from './forecast-types.js';
import { TYRES_OF } from './service.js';
import type { Answers, Band, OwnAnswer, Provenance, Service, StopPlan } from './types.js';

/** The stop that should be called for a car: the forecast's word where there is a fresh one, else the quick models'. */
export interface Advice {
  lap: number;
  /** Last lap on which it may be made. */
  lapTo: number;
  /** In-lap of the alternative; null = to stay out. */
  versusLap: number | null;
  gainMs: Band;
  /** Null where no race was simulated. */
  gainPlaces: Band | null;
  win: { plan: number; versus: number } | null;
  opportunity: boolean;
  service: { tyres: 0 | 2 | 4; fuelKg: number };
  /** Of the quick models. */
  quick: StopPlan | null;
  forecast: OwnForecast | null;
  provenance: Provenance;
}

/** Leader's laps after which a forecast is no longer what calls rest on. */
const FRESH_LAPS = 2;
/** Laps after the planned one on which the call may be obeyed. */
const SLACK_LAPS = 2;
/** A stop that nothing asks for must win so many places to be called. */
const PLACES_WORTH_IT = 0.5;

/** Null when the car needs no stop and none gains. */
export function adviceFor(
  state: RaceState,
  answers: Answers,
  forecast: Forecast | null,
  own: OwnAnswer,
): Advice | null {
  const fresh = forecast !== null && isFresh(state, forecast, own.entry) ? forecast : null;
  const simulated = fresh?.own[own.entry] ?? null;
  const plan = simulated?.plan ?? null;
  if (plan !== null && isUsable(plan, own)) return simulatedAdvice(own, fresh!, simulated!, plan);
  const { plan: quick, window } = own;
  if (quick === null || window === null) return null;
  // A cheap stop that costs places is none.
  const places = simulated?.stayOrPit?.gainPlaces.mean ?? 0;
  if (quick.opportunity && places <= -PLACES_WORTH_IT) return null;
  return {
    lap: quick.lap,
    lapTo: Math.max(quick.lap, Math.min(window.closeLap, quick.lap + SLACK_LAPS)),
    versusLap: quick.versusLap,
    gainMs: quick.gainMs,
    gainPlaces: null,
    win: null,
    opportunity: quick.opportunity,
    service: quick.service,
    quick,
    forecast: simulated,
    provenance: answers.provenance,
  };
}

/** Of these laps, under the flag that is shown, and of the stint that is on. */
export function isFresh(state: RaceState, forecast: Forecast, entry: string): boolean {
  if (state.lap - forecast.lap > FRESH_LAPS) return false;
  if ((state.flags.at(-1)?.atMs ?? 0) > forecast.atMs) return false;
  return (state.entries[entry]?.stops.at(-1)?.inMs ?? 0) <= forecast.atMs;
}

/** Fuel has the last word on the laps; a stop that nobody needs must be worth it. */
function isUsable(plan: ForecastPlan, own: OwnAnswer): boolean {
  if (own.window === null) return plan.opportunity && plan.gainPlaces.mean >= PLACES_WORTH_IT;
  return plan.lap <= own.window.closeLap;
}

function simulatedAdvice(own: OwnAnswer, forecast: Forecast, simulated: OwnForecast, plan: ForecastPlan): Advice {
  const closeLap = own.window?.closeLap ?? plan.lap;
  const tyres = TYRES_OF[plan.service];
  const { stateHash, seed, runs, engineVersion, trigger } = forecast.provenance;
  return {
    lap: plan.lap,
    lapTo: Math.max(plan.lap, Math.min(closeLap, plan.lap + SLACK_LAPS)),
    versusLap: plan.versusLap,
    gainMs: plan.gainMs,
    gainPlaces: plan.gainPlaces,
    win: plan.win,
    opportunity: plan.opportunity,
    service: { tyres, fuelKg: plan.service === 'nothing' ? 0 : (own.plan?.service.fuelKg ?? toFill(own)) },
    quick: own.plan,
    forecast: simulated,
    provenance: { stateHash, seed, runs, engineVersion, trigger },
  };
}

function toFill(own: OwnAnswer): number {
  return Math.round(10 * (own.fuel?.toAddKg ?? 0)) / 10;
}

/** By the tyres that a call names. */
export function serviceOf(tyres: 0 | 2 | 4): Service {
  return tyres === 4 ? 'fourTyres' : tyres === 2 ? 'twoTyres' : 'fuelOnly';
}
