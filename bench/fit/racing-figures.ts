/**
 * What a simulated race takes from past ones beside the fitted models: `node --conditions=source --import tsx
 * bench/fit/racing-figures.ts DATA_DIR` prints the figures that stand in `cloud/strategy/monte-carlo/racing-priors.ts`.
 */

import type { PastRace } from '#cloud/strategy/backtest/past-race.js';
import { FLAG, isClean, isRacing, isSlow } from '#cloud/strategy/history/history.js';
import { type CarForm, readField } from '#cloud/strategy/models/field.js';
import { priorOf } from '#cloud/strategy/models/fitted/priors.js';
import { seenStops } from '#cloud/strategy/models/pit-loss.js';
import { progress } from '#cloud/strategy/models/progress.js';
import { fitStints } from '#cloud/strategy/models/stints.js';
import { median, robustSd } from '#cloud/strategy/stats.js';
import { pastRaces } from './races.js';

const AGE_BINS = 8;

interface Figures {
  fullFactor: number[];
  virtualFactor: number[];
  lengths: number[];
  virtual: number;
  stopsGreen: number;
  stops: number;
  lossLogs: number[];
  troubleLaps: number;
  troubleS: number[];
  cleanLaps: number;
  cautionStops: { stopped: number; asked: number }[];
  restart: number[];
  settled: number[];
  passes: { gainS: number; passed: boolean }[];
}

for (const [group, races] of pastRaces(process.argv[2])) {
  const of: Figures = {
    fullFactor: [],
    virtualFactor: [],
    lengths: [],
    virtual: 0,
    stopsGreen: 0,
    stops: 0,
    lossLogs: [],
    troubleLaps: 0,
    troubleS: [],
    cleanLaps: 0,
    cautionStops: Array.from({ length: AGE_BINS }, () => ({ stopped: 0, asked: 0 })),
    restart: [],
    settled: [],
    passes: [],
  };
  for (const race of races) readRaceInto(of, race);
  process.stdout.write(
    `${JSON.stringify({
      group,
      races: races.length,
      fullFactor: median(of.fullFactor),
      virtualFactor: median(of.virtualFactor),
      lengthLaps: median(of.lengths),
      lengthLogSd: robustSd(of.lengths.map(Math.log)),
      virtualShare: of.virtual / of.lengths.length,
      greenStops: of.stopsGreen / of.stops,
      lossLogSd: robustSd(of.lossLogs),
      trouble: of.troubleLaps / of.cleanLaps,
      troubleS: median(of.troubleS),
      cautionStops: of.cautionStops.map(({ stopped, asked }) => `${stopped}/${asked}=${(stopped / asked).toFixed(2)}`),
      restart: (median(of.restart) ?? 0) / (median(of.settled) ?? 1),
      passes: passTable(of.passes),
    })}\n`,
  );
}

function readRaceInto(of: Figures, race: PastRace): void {
  const field = readField(race.history);
  const prior = priorOf(race.series);
  const { leader } = progress(field, prior.length);
  const stints = fitStints(field, prior.stops.stintLaps);
  if (leader === null) return;
  const phases = slowPhases(leader);
  for (const { from, to, virtual } of phases) {
    of.lengths.push(to - from + 1);
    if (virtual) of.virtual++;
    for (let index = from + 1; index < to; index++) {
      const factor = leader.car.lapTimeS[index] / leader.classMedianS;
      if (factor > 1 && factor < 5 && leader.car.pitIn[index] + leader.car.pitOut[index] === 0) {
        (virtual ? of.virtualFactor : of.fullFactor).push(factor);
      }
    }
    if (virtual) continue;
    const fromLap = leader.car.lap[from];
    const toLap = leader.car.lap[to];
    for (const form of field.cars) {
      if (form.lap < toLap) continue;
      const last = form.stopLaps.filter((lap) => lap < fromLap).at(-1) ?? 0;
      const bin = Math.min(AGE_BINS - 1, Math.floor(((fromLap - last) / stints.typicalLaps(form.cls)) * 5));
      of.cautionStops[bin].asked++;
      if (form.stopLaps.some((lap) => lap >= fromLap && lap <= toLap)) of.cautionStops[bin].stopped++;
    }
  }
  const greenLoss: number[] = [];
  for (const form of field.cars) {
    for (const stop of seenStops(form)) {
      of.stops++;
      if (stop.green) of.stopsGreen++;
      if (stop.green) greenLoss.push(stop.lossS);
    }
    laps(of, form);
  }
  const usual = median(greenLoss);
  if (usual !== null) of.lossLogs.push(...greenLoss.map((lossS) => Math.log(lossS / usual)));
  if (race.series === 'f1' || race.series === 'wec') passes(of, field.cars);
}

function slowPhases({ car }: CarForm): { from: number; to: number; virtual: boolean }[] {
  const phases: { from: number; to: number; virtual: boolean }[] = [];
  let from = -1;
  for (let index = 0; index <= car.flag.length; index++) {
    const flag = car.flag[index] ?? FLAG.green;
    const slow = isSlow(flag);
    if (slow && from < 0) from = index;
    if (slow || from < 0) continue;
    const flags = Array.from(car.flag.subarray(from, index));
    phases.push({ from, to: index - 1, virtual: flags.every((shown) => shown === FLAG.virtual) });
    from = -1;
  }
  return phases;
}

function laps(of: Figures, { car, limitS, timesS }: CarForm): void {
  const usual = median(timesS);
  if (usual === null) return;
  let green = 0;
  for (let index = 1; index < car.lap.length; index++) {
    green = isRacing(car.flag[index]) ? green + 1 : 0;
    if (!isClean(car, index)) continue;
    of.cleanLaps++;
    if (car.lapTimeS[index] > limitS && isRacing(car.flag[index - 1])) {
      of.troubleLaps++;
      of.troubleS.push(car.lapTimeS[index] - usual);
      continue;
    }
    if (!isClean(car, index - 1)) continue;
    const change = Math.abs(car.lapTimeS[index] - car.lapTimeS[index - 1]) / usual;
    if (green === 2 || green === 3) of.restart.push(change);
    else if (green > 8) of.settled.push(change);
  }
}

/** Followed within 1.5 s over the line by a car that was quicker on its newest laps: did it pass within the lap? */
function passes(of: Figures, cars: readonly CarForm[]): void {
  const byLap = new Map<number, { form: CarForm; index: number }[]>();
  for (const form of cars) {
    for (let index = 4; index < form.car.lap.length - 1; index++) {
      const lap = form.car.lap[index];
      byLap.set(lap, [...(byLap.get(lap) ?? []), { form, index }]);
    }
  }
  for (const at of byLap.values()) {
    at.sort((a, b) => a.form.car.elapsedS[a.index] - b.form.car.elapsedS[b.index]);
    for (let rank = 1; rank < at.length; rank++) {
      const [ahead, behind] = [at[rank - 1], at[rank]];
      if (ahead.form.cls !== behind.form.cls || !settled(ahead) || !settled(behind)) continue;
      const gapS = behind.form.car.elapsedS[behind.index] - ahead.form.car.elapsedS[ahead.index];
      if (!(gapS < 1.5)) continue;
      const gainS = paceS(ahead) - paceS(behind);
      const passed = behind.form.car.elapsedS[behind.index + 1] < ahead.form.car.elapsedS[ahead.index + 1];
      if (Number.isFinite(gainS)) of.passes.push({ gainS, passed });
    }
  }
}

function settled({ form: { car }, index }: { form: CarForm; index: number }): boolean {
  for (let at = index - 2; at <= index + 1; at++) if (!isClean(car, at)) return false;
  return true;
}

/** Of the stint's best laps of late: in traffic the newest ones say how quick the car ahead is. */
function paceS({ form: { car }, index }: { form: CarForm; index: number }): number {
  let best = Number.POSITIVE_INFINITY;
  for (let at = Math.max(0, index - 5); at <= index && best > 0; at++) {
    if (isClean(car, at)) best = Math.min(best, car.lapTimeS[at]);
  }
  return best;
}

function passTable(seen: Figures['passes']): string[] {
  const edges = [-9, -1, -0.5, -0.2, 0, 0.2, 0.5, 1, 1.5, 2, 9];
  return edges.slice(1).map((edge, index) => {
    const inside = seen.filter(({ gainS }) => gainS >= edges[index] && gainS < edge);
    const share = inside.filter(({ passed }) => passed).length / inside.length;
    return `${edges[index]}…${edge}: ${share.toFixed(3)} of ${inside.length}`;
  });
}
