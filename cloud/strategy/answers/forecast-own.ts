import { column, finishOf, type Gain, gainOf, rejoinOf, restartOf, type Spread } from '../monte-carlo/summary.js';
import { NONE, type Option, type Outcome, type RaceStart } from '../monte-carlo/types.js';
import { sortedQuantile } from '../stats.js';
import type { Draw } from './forecast.js';
import { CAUTION_CASES, type OwnQuestion, stayOut, stopOn } from './forecast-options.js';
import type {
  CautionCase,
  FinishOdds,
  ForecastPlan,
  OwnForecast,
  PitNowCase,
  StayOrPit,
  WindowPoint,
} from './forecast-types.js';
import { lapThatStandsOut, standsOut } from './stands-out.js';
import type { Band, Known, Service } from './types.js';

/** What came of an own car's options. */
export interface Drawn {
  question: OwnQuestion;
  /** Runs that all of them have. */
  runs: number;
  pitNow: { service: Service; caution: CautionCase; outcome: Outcome }[];
  /** The service of the stop now by which the rest is drawn. */
  service: Service;
  stay: Outcome;
  /** To stay out when a caution falls now; absent under one. */
  stayCaution?: Outcome;
  window: { lap: number; outcome: Outcome }[];
}

/** Two rounds on the same luck: services and cautions of a stop now, then laps with the best service. */
export async function drawOwn(
  question: OwnQuestion,
  start: RaceStart,
  draw: Draw,
  asked: { runs: number; seed: number },
): Promise<Drawn> {
  const { next, services, laps, underCaution } = question;
  const cautions = underCaution ? CAUTION_CASES.slice(0, 1) : CAUTION_CASES;
  const cases = cautions.flatMap((caution) => services.map((service) => ({ service, caution })));
  const first = await draw(
    start,
    cases.map(({ service, caution }) => stopOn(question, next, service, caution)),
    asked,
  );
  const pitNow = cases.map((one, index) => ({ ...one, outcome: first[index] }));
  const service = bestService(question, pitNow);
  const later: Option[] = [stayOut(question, service), ...laps.map((lap) => stopOn(question, lap, service))];
  if (!underCaution) later.push(stayOut(question, service, 0));
  const [stay, ...rest] = await draw(start, later, asked);
  return {
    question,
    runs: Math.min(...first.map(({ runs }) => runs), stay.runs),
    pitNow,
    service,
    stay,
    stayCaution: rest[laps.length],
    window: laps.map((lap, index) => ({ lap, outcome: rest[index] })),
  };
}

/** Of those with fuel where a stop is needed: the best mean place, then the least time. */
function bestService({ car, laps, services }: OwnQuestion, pitNow: Drawn['pitNow']): Service {
  let best: { service: Service; place: number; finishS: number } | null = null;
  for (const { service, caution, outcome } of pitNow) {
    if (caution !== 'drawn' || (service === 'nothing' && (laps.length > 0 || services.length > 2))) continue;
    const finish = finishOf(outcome, car);
    if (finish === null) continue;
    const one = { service, place: finish.place.mean, finishS: finish.finishS?.mean ?? Number.POSITIVE_INFINITY };
    if (best === null || one.place < best.place || (one.place === best.place && one.finishS < best.finishS)) best = one;
  }
  return best?.service ?? services[0];
}

export function tellOwn(drawn: Drawn, start: RaceStart, sure: Known): OwnForecast {
  const { question, stay, stayCaution, service } = drawn;
  const { car, key } = question;
  const now = nowOf(drawn);
  const pitCaution = drawn.pitNow.find((one) => one.service === service && one.caution === 0)?.outcome;
  // Under a caution that which is out, under green one that falls now.
  const stayAt = restartOf(stayCaution ?? stay, car);
  const pitAt = restartOf(pitCaution ?? now, car);
  return {
    entry: key,
    known: sure,
    pitNow: drawn.pitNow.map((one) => pitNowCase(one, start, car)),
    stayOrPit: stayOrPit(drawn, now),
    window: [{ lap: question.next, outcome: now }, ...drawn.window].map((point) => windowPoint(point, now, car)),
    plan: question.underCaution ? planUnderCaution(drawn, now) : planUnderGreen(drawn, now),
    restart: stayAt === null || pitAt === null ? null : { stay: stayAt, pit: pitAt },
  };
}

function nowOf({ pitNow, service }: Drawn): Outcome {
  return pitNow.find((one) => one.service === service && one.caution === 'drawn')!.outcome;
}

function pitNowCase({ service, caution, outcome }: Drawn['pitNow'][number], start: RaceStart, car: number): PitNowCase {
  const rejoin = rejoinOf(outcome, car);
  const name = (index: number) => (index === NONE ? null : start.cars[index]);
  return {
    ...odds(outcome, car),
    service,
    caution,
    rejoin: rejoin && {
      position: rejoin.place,
      gapAheadMs: rejoin.aheadS === null ? null : Math.round(1_000 * rejoin.aheadS.mean),
      ahead: name(rejoin.ahead),
      behind: name(rejoin.behind),
      lapDown: rejoin.pLapDown,
    },
  };
}

function stayOrPit({ question: { car }, stay, service }: Drawn, now: Outcome): StayOrPit | null {
  const gain = gainOf(now, stay, car);
  if (gain === null) return null;
  return {
    stay: { ...odds(stay, car), trapped: finishOf(stay, car)!.pTrapped },
    pit: { ...odds(now, car), service, trapped: finishOf(now, car)!.pTrapped },
    gainPlaces: gain.places,
    gainMs: inMs(gain.seconds),
  };
}

function windowPoint({ lap, outcome }: { lap: number; outcome: Outcome }, now: Outcome, car: number): WindowPoint {
  const gain = gainOf(outcome, now, car)!;
  return { lap, gainPlaces: gain.places, gainMs: inMs(gain.seconds) };
}

/** Under a caution the choice is this lap or green. */
function planUnderCaution({ question, stay, service }: Drawn, now: Outcome): ForecastPlan | null {
  const gain = gainOf(now, stay, question.car);
  if (gain === null || !standsOut(gain)) return null;
  return plan(question, { lap: question.next, outcome: now }, { lap: null, outcome: stay }, service, gain, true);
}

/**
 * The quick models' lap, unless another one of the window stands out against it: between laps simulated races are close. Measured
 * against the quick models' lap; that one itself against the next one later, or as the last one against a stop at once. Null where no
 * stop is needed.
 */
function planUnderGreen({ question, window, service }: Drawn, now: Outcome): ForecastPlan | null {
  const { car, next, quickLap } = question;
  if (quickLap === null || window.length === 0) return null;
  const points = [{ lap: next, outcome: now }, ...window];
  const base = points.find(({ lap }) => lap >= quickLap) ?? points[points.length - 1];
  const better = lapThatStandsOut(
    points.map((point) => ({ lap: point.lap, gain: gainOf(point.outcome, base.outcome, car) })),
  );
  const best = points.find(({ lap }) => lap === better) ?? base;
  const versus = best === base ? (points.find(({ lap }) => lap > base.lap) ?? points[0]) : base;
  const gain = gainOf(best.outcome, versus.outcome, car);
  return gain && plan(question, best, versus, service, gain, false);
}

function plan(
  { car }: OwnQuestion,
  chosen: { lap: number; outcome: Outcome },
  versus: { lap: number | null; outcome: Outcome },
  service: Service,
  gain: Gain,
  opportunity: boolean,
): ForecastPlan {
  const of = odds(chosen.outcome, car);
  const against = odds(versus.outcome, car);
  return {
    lap: chosen.lap,
    versusLap: versus.lap,
    service,
    gainPlaces: gain.places,
    gainMs: inMs(gain.seconds),
    win: { plan: of.win, versus: against.win },
    top10: { plan: of.top10, versus: against.top10 },
    opportunity,
  };
}

/** Chances at the flag, by all runs; at least one is complete. */
export function odds(outcome: Outcome, car: number): FinishOdds {
  const { place, pWin, pTop5, pTop10 } = finishOf(outcome, car)!;
  const places = column(outcome, outcome.place, car).sort();
  // Central, and wide enough for the mean, which runs in which the car falls out draw far back.
  const low = Math.floor(Math.min(place.mean, sortedQuantile(places, 0.1)));
  const high = Math.ceil(Math.max(place.mean, sortedQuantile(places, 0.9)));
  return { finish: { low, mean: place.mean, high }, win: pWin, top5: pTop5, top10: pTop10 };
}

function inMs({ low, mean, high }: Spread): Band {
  return { low: Math.round(1_000 * low), mean: Math.round(1_000 * mean), high: Math.round(1_000 * high) };
}
