/** A race made from a few lines: known pace, fall-off, stops and fuel, so that a model's estimate can be compared. */
import type { SummaryEvent, TimingMessage } from '#wire/messages.js';
import { seededRandom } from '#wire/random.js';
import { START_MS, summary, TimingFeed } from './race-records.js';

export interface MadeRace {
  cars: number;
  laps: number;
  seed?: number;
  baseMs?: number;
  /** Car i is slower than car 1 by (i − 1) × this. */
  spreadMs?: number;
  falloffMs?: number;
  noiseMs?: number;
  /** In-laps of each car; default none. */
  stopLaps?: (car: number) => number[];
  stopLossMs?: number;
  /** First and last yellow lap. */
  yellow?: [from: number, to: number];
  /** Fuel per green lap by the ECU; absent = no summaries. */
  fuelPerLapKg?: number;
}

/** Records in the order of event time. Cars are entries `1` … `n`. */
export function makeRace(options: MadeRace): (TimingMessage | SummaryEvent)[] {
  const { cars, laps, baseMs = 30_000, spreadMs = 20, falloffMs = 0, noiseMs = 0, stopLossMs = 30_000 } = options;
  const random = seededRandom(options.seed ?? 1);
  const feed = new TimingFeed();
  const records: (TimingMessage | SummaryEvent)[] = [feed.flag('green', 0, START_MS)];
  const yellowAt = { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY };
  for (let car = 1; car <= cars; car++) {
    const entry = String(car);
    const stopLaps = options.stopLaps?.(car) ?? [];
    let atMs = START_MS + car * 100;
    let age = 0;
    let usedKg = 0;
    for (let lap = 1; lap <= laps; lap++) {
      age++;
      const slow = options.yellow !== undefined && lap >= options.yellow[0] && lap <= options.yellow[1];
      const noise = (random() + random() + random() - 1.5) * 2 * noiseMs;
      const inLap = stopLaps.includes(lap);
      const outLap = stopLaps.includes(lap - 1);
      let lapTimeMs = baseMs + (car - 1) * spreadMs + age * falloffMs + noise;
      if (slow) lapTimeMs = baseMs * 1.5;
      if (inLap) lapTimeMs += stopLossMs * 0.3;
      if (outLap) lapTimeMs += stopLossMs * 0.7;
      lapTimeMs = Math.round(lapTimeMs);
      if (car === 1 && options.yellow?.[0] === lap) yellowAt.from = atMs;
      if (outLap) {
        records.push(feed.passing(entry, lap, atMs + 4_000, { loop: 'PO' }));
        records.push(feed.stop(entry, lap - 1, atMs + 4_500));
      }
      if (options.fuelPerLapKg !== undefined) {
        const lapKg = options.fuelPerLapKg * (slow ? 0.4 : 1);
        for (let ms = 0; ms < lapTimeMs; ms += 1_000) {
          records.push(summary(entry, atMs + ms, { fuelUsedKg: usedKg + (lapKg * ms) / lapTimeMs }));
        }
        usedKg += lapKg;
      }
      atMs += lapTimeMs;
      if (car === 1 && options.yellow?.[1] === lap) yellowAt.to = atMs;
      if (inLap) records.push(feed.passing(entry, lap, atMs - 2_000, { loop: 'PI' }));
      records.push(feed.passing(entry, lap, atMs, { lapTimeMs }));
      if (inLap) age = 0;
    }
  }
  if (options.yellow !== undefined) {
    records.push(feed.flag('yellow', options.yellow[0] - 1, yellowAt.from));
    records.push(feed.flag('green', options.yellow[1], yellowAt.to));
  }
  return records.sort((a, b) => a.eventTimeMs - b.eventTimeMs);
}

/** Every number that is NaN or infinite, as a path; an empty list is what a test wants. */
export function notFinite(value: unknown, path = ''): string[] {
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [path];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => notFinite(inner, `${path}/${key}`));
}
