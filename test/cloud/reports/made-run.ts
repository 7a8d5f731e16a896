import type { LapRow } from '#cloud/reports/lap-row.js';
import { seededRandom } from '#wire/random.js';

export interface MadeRunOptions {
  run?: string;
  cars?: number;
  /** Laps of each stint at speed; an out lap comes before and an in lap after. */
  stints?: readonly number[];
  seed?: number;
  /** Truths that the reports should find again. */
  falloffMsPerLap?: number;
  fuelPerLapKg?: number;
  /** Of a lap, one standard deviation (about). */
  noiseMs?: number;
}

const SECTOR_SHARES = [0.29, 0.42, 0.29];
const LAP_MS = 97_000;

/** Practice laps of a made field: car 1 is the fastest, each next one 110 ms slower; every ninth clean lap meets traffic. */
export function madeRun(options: MadeRunOptions = {}): LapRow[] {
  const { run = 'fp2', cars = 8, stints = [9, 12], seed = 7 } = options;
  const { falloffMsPerLap = 42, fuelPerLapKg = 1.92, noiseMs = 90 } = options;
  const random = seededRandom(seed);
  const noise = () => (random() + random() + random() - 1.5) * 2 * noiseMs;
  const rows: LapRow[] = [];
  for (let car = 1; car <= cars; car++) {
    const entry = String(car);
    let lap = 0;
    let atMs = Date.UTC(2026, 10, 20, 14, 0, car * 7);
    const add = (lapTimeMs: number, kind: 'in' | 'out' | 'clean', sectorsMs: number[]) => {
      lap++;
      atMs += lapTimeMs;
      rows.push({
        race: run,
        entry,
        lap,
        atMs,
        lapTimeMs,
        flag: 'green',
        inLap: kind === 'in',
        outLap: kind === 'out',
        version: 0,
        sectorsMs,
        fuelUsedKg: kind === 'clean' ? fuelPerLapKg + (random() - 0.5) * 0.08 : fuelPerLapKg * 0.8,
        driver: `Driver ${entry}`,
        cls: 'GT',
      });
    };
    for (const laps of stints) {
      add(LAP_MS * 1.22, 'out', []);
      for (let age = 2; age <= laps + 1; age++) {
        // The second sector tells the cars apart.
        const losses = [0, (car - 1) * 110, 0].map((ms) => ms + (falloffMsPerLap * age) / 3 + noise() / 2);
        const traffic = age % 9 === 8 ? 1_900 : 0;
        const sectorsMs = SECTOR_SHARES.map((share, i) =>
          Math.round(LAP_MS * share + losses[i] + (i === 1 ? traffic : 0)),
        );
        add(
          sectorsMs.reduce((sum, ms) => sum + ms, 0),
          'clean',
          sectorsMs,
        );
      }
      add(LAP_MS * 1.15, 'in', []);
      atMs += 9 * 60_000;
    }
  }
  return rows;
}
