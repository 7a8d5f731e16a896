import { median, quantile, robustSd } from '#cloud/strategy/stats.js';
import { type LapRow, newestLaps } from '../lap-row.js';
import { medianTime, type PracticeLap, practiceLaps, stintsOf } from './laps.js';
import { type Trend, trendWithin } from './trend.js';

/** What a driver is told after a run. Times and deltas in ms, negative = faster; masses in kg. */
export interface PracticeSheet {
  run: string;
  entry: string;
  driver: string | null;
  cls: string | null;
  fromMs: number;
  toMs: number;
  laps: readonly PracticeLap[];
  best: { lap: number; lapTimeMs: number } | null;
  /** Sum of the best sectors of its clean laps; null without sectors. */
  idealMs: number | null;
  sectors: readonly SheetSector[];
  /** Spread from lap to lap with the fall-off taken out: one robust standard deviation. Null with fewer than four clean laps. */
  spreadMs: number | null;
  /** Between the quarter points: half of its clean laps lie so close together. */
  middleHalfMs: number | null;
  /** Lap time lost per lap of a stint, burnt fuel included. */
  falloff: Trend | null;
  fuel: SheetFuel | null;
  stints: readonly SheetStint[];
  /** Against the cars of its class in the run. */
  field: SheetField;
}

export interface SheetSector {
  bestMs: number;
  bestLap: number;
  /** In the best lap; null where that has no sectors. */
  ofBestLapMs: number | null;
  medianMs: number;
  /** Fastest of the class, and whose. */
  fieldMs: number;
  fieldEntry: string;
}

export interface SheetFuel {
  perLapKg: number;
  /** One robust standard deviation from lap to lap. */
  sdKg: number;
  laps: number;
}

export interface SheetStint {
  stint: number;
  fromLap: number;
  toLap: number;
  clean: number;
  bestMs: number | null;
  medianMs: number | null;
  falloffMsPerLap: number | null;
  fuelPerLapKg: number | null;
}

export interface SheetField {
  /** Cars with a time. */
  cars: number;
  /** From 1, by best lap; null without one. */
  place: number | null;
  bestMs: number | null;
  bestEntry: string | null;
}

/**
 * The sheets of a run, by best lap; cars without a time last.
 *
 * @param rows all laps of the run, of any number of cars, in any order
 */
export function practiceSheets(rows: Iterable<LapRow>): PracticeSheet[] {
  const byEntry = new Map<string, LapRow[]>();
  for (const row of rows) {
    const known = byEntry.get(row.entry);
    if (known) known.push(row);
    else byEntry.set(row.entry, [row]);
  }
  const cars = [...byEntry].map(([entry, laps]) => carOf(entry, practiceLaps(newestLaps(laps))));
  const order = (car: Car) => car.best?.lapTimeMs ?? Number.POSITIVE_INFINITY;
  cars.sort((a, b) => order(a) - order(b) || (a.entry < b.entry ? -1 : 1));
  return cars.map((car) =>
    sheetOf(
      car,
      cars.filter(({ cls }) => cls === car.cls),
    ),
  );
}

interface Car {
  entry: string;
  cls: string | null;
  laps: readonly PracticeLap[];
  clean: readonly PracticeLap[];
  best: PracticeLap | null;
  /** Best of each sector, over clean laps. */
  sectors: readonly { ms: number; lap: number }[];
}

function carOf(entry: string, laps: PracticeLap[]): Car {
  const clean = laps.filter(({ kind }) => kind === 'clean');
  const best = clean.reduce<PracticeLap | null>(
    (quickest, lap) => (quickest === null || lap.lapTimeMs! < quickest.lapTimeMs! ? lap : quickest),
    null,
  );
  const cls = laps.find((lap) => lap.cls !== null)?.cls ?? null;
  return { entry, cls, laps, clean, best, sectors: bestSectors(clean) };
}

/** Laps with another number of sectors than the first that has any are left out: the source changed its mind. */
function bestSectors(clean: readonly PracticeLap[]): { ms: number; lap: number }[] {
  const best: { ms: number; lap: number }[] = [];
  for (const { lap, sectorsMs } of sectorLaps(clean)) {
    sectorsMs.forEach((ms, i) => {
      if (best[i] === undefined || ms < best[i].ms) best[i] = { ms, lap };
    });
  }
  return best;
}

function sectorLaps(laps: readonly PracticeLap[]): PracticeLap[] {
  const count = laps.find(({ sectorsMs }) => sectorsMs.length > 1)?.sectorsMs.length;
  return laps.filter(({ sectorsMs }) => sectorsMs.length === count);
}

function sheetOf({ entry, cls, laps, clean, best, sectors }: Car, rivals: readonly Car[]): PracticeSheet {
  const times = clean.map(({ lapTimeMs }) => lapTimeMs!);
  const falloff = trendOf(clean);
  const [lower, upper] = [quantile(times, 0.25), quantile(times, 0.75)];
  const withTime = rivals.filter((rival) => rival.best !== null);
  const quickest = withTime[0];
  return {
    run: laps[0].race,
    entry,
    driver: laps.find(({ driver }) => driver !== null)?.driver ?? null,
    cls,
    fromMs: laps[0].atMs - (laps[0].lapTimeMs ?? 0),
    toMs: laps[laps.length - 1].atMs,
    laps,
    best: best && { lap: best.lap, lapTimeMs: best.lapTimeMs! },
    idealMs: sectors.length > 0 ? sectors.reduce((sum, { ms }) => sum + ms, 0) : null,
    sectors: sectors.map((own, i) => sectorOf(own, i, { clean, best, rivals })),
    spreadMs: falloff?.residualSd ?? (times.length > 3 ? robustSd(times) : null),
    middleHalfMs: lower === null || upper === null || times.length < 4 ? null : upper - lower,
    falloff,
    fuel: fuelOf(clean),
    stints: stintsOf(laps).map(stintOf),
    field: {
      cars: withTime.length,
      place: best && withTime.findIndex((rival) => rival.entry === entry) + 1,
      bestMs: quickest?.best?.lapTimeMs ?? null,
      bestEntry: quickest?.entry ?? null,
    },
  };
}

function sectorOf(
  own: { ms: number; lap: number },
  index: number,
  { clean, best, rivals }: { clean: readonly PracticeLap[]; best: PracticeLap | null; rivals: readonly Car[] },
): SheetSector {
  const laps = sectorLaps(clean);
  let field = { ms: own.ms, entry: clean[0].entry };
  for (const rival of rivals) {
    const theirs = rival.sectors.length === laps[0].sectorsMs.length ? rival.sectors[index] : undefined;
    if (theirs && theirs.ms < field.ms) field = { ms: theirs.ms, entry: rival.entry };
  }
  return {
    bestMs: own.ms,
    bestLap: own.lap,
    ofBestLapMs: best?.sectorsMs.length === laps[0].sectorsMs.length ? best.sectorsMs[index] : null,
    medianMs: median(laps.map(({ sectorsMs }) => sectorsMs[index]))!,
    fieldMs: field.ms,
    fieldEntry: field.entry,
  };
}

/** Over tyre age, in ms. */
function trendOf(clean: readonly PracticeLap[]): Trend | null {
  return trendWithin(
    stintsOf(clean).map((stint) => stint.map(({ ageLaps, lapTimeMs }) => ({ x: ageLaps, y: lapTimeMs! }))),
  );
}

/** Fewer laps do not make a rate. */
const FUEL_LAPS_MIN = 3;

export function fuelOf(clean: readonly PracticeLap[]): SheetFuel | null {
  const used = clean.filter(({ fuelUsedKg }) => fuelUsedKg !== null).map(({ fuelUsedKg }) => fuelUsedKg!);
  if (used.length < FUEL_LAPS_MIN) return null;
  return { perLapKg: median(used)!, sdKg: robustSd(used)!, laps: used.length };
}

function stintOf(laps: PracticeLap[]): SheetStint {
  const clean = laps.filter(({ kind }) => kind === 'clean');
  const times = clean.map(({ lapTimeMs }) => lapTimeMs!);
  return {
    stint: laps[0].stint,
    fromLap: laps[0].lap,
    toLap: laps[laps.length - 1].lap,
    clean: clean.length,
    bestMs: times.length > 0 ? Math.min(...times) : null,
    medianMs: medianTime(laps),
    falloffMsPerLap: trendOf(clean)?.slope ?? null,
    fuelPerLapKg: fuelOf(clean)?.perLapKg ?? null,
  };
}
