import { type CarHistory, FLAG, type FlagCode, type RaceHistory } from './history.js';

/** A lap as timing files and the lines of `pitwall strategy predict` have it. Unknown fields are null or absent. */
export interface LapRow {
  car: string;
  cls?: string | null;
  lap: number;
  lap_time?: number | null;
  elapsed?: number | null;
  pos?: number | null;
  pit_in?: 0 | 1 | boolean | null;
  pit_out?: 0 | 1 | boolean | null;
  pit_time?: number | null;
  flag?: string | null;
  compound?: string | null;
  tyre_age?: number | null;
  stint?: number | null;
}

export interface RaceHead {
  series: string;
  track?: string | null;
  lapsTotal?: number | null;
  durationS?: number | null;
}

/** Letters of the timing files. */
const FLAGS: Record<string, FlagCode> = {
  G: FLAG.green,
  Y: FLAG.caution,
  S: FLAG.safetyCar,
  SF: FLAG.safetyCar,
  V: FLAG.virtual,
  y: FLAG.localYellow,
  R: FLAG.red,
  C: FLAG.chequered,
};

/** Nobody laps in less; a row that says so has no lap time. */
const LAP_TIME_MIN_S = 5;
/** Nor in more, a red flag's lap included. */
const LAP_TIME_MAX_S = 4 * 3_600;

/**
 * Laps of a race from rows in any order. Of two rows for one (car, lap) the later one counts: a correction. A lap number
 * below 1, or no number at all, is no lap and is left out.
 *
 * @example
 * fromRows({ series: 'f1', lapsTotal: 58 }, [{ car: '44', lap: 1, lap_time: 94.233, elapsed: 94.233, pos: 1, flag: 'G' }])
 */
export function fromRows(race: RaceHead, rows: readonly LapRow[]): RaceHistory {
  const byCar = new Map<string, Map<number, LapRow>>();
  for (const row of rows) {
    if (!Number.isSafeInteger(row.lap) || row.lap < 1) continue;
    const laps = byCar.get(row.car) ?? new Map<number, LapRow>();
    byCar.set(row.car, laps.set(row.lap, row));
  }
  const compounds = [''];
  const cars: CarHistory[] = [];
  for (const [car, laps] of byCar) {
    cars.push(
      columns(
        car,
        [...laps.values()].sort((a, b) => a.lap - b.lap),
        compounds,
      ),
    );
  }
  const { series, track = null, lapsTotal = null, durationS = null } = race;
  return { series, track, lapsTotal, durationS, compounds, cars };
}

function columns(car: string, rows: LapRow[], compounds: string[]): CarHistory {
  const seconds = (value: number | null | undefined) => (typeof value === 'number' ? value : Number.NaN);
  const lapTimeS = (value: number | null | undefined) =>
    typeof value === 'number' && value >= LAP_TIME_MIN_S && value <= LAP_TIME_MAX_S ? value : Number.NaN;
  return {
    car,
    cls: rows.find(({ cls }) => cls)?.cls ?? '',
    lap: Int32Array.from(rows, ({ lap }) => lap),
    lapTimeS: Float64Array.from(rows, (row) => lapTimeS(row.lap_time)),
    elapsedS: Float64Array.from(rows, (row) => seconds(row.elapsed)),
    pos: Int32Array.from(rows, ({ pos }) => pos ?? 0),
    pitIn: Uint8Array.from(rows, (row) => (row.pit_in ? 1 : 0)),
    pitOut: Uint8Array.from(rows, (row) => (row.pit_out ? 1 : 0)),
    pitTimeS: Float64Array.from(rows, (row) => seconds(row.pit_time)),
    flag: Uint8Array.from(rows, ({ flag }) => FLAGS[flag ?? ''] ?? FLAG.unknown),
    compound: Uint8Array.from(rows, ({ compound }) => compoundIndex(compounds, compound)),
    tyreAgeLaps: Float64Array.from(rows, (row) => seconds(row.tyre_age)),
    stint: Int32Array.from(rows, ({ stint }) => stint ?? 0),
  };
}

function compoundIndex(compounds: string[], compound: string | null | undefined): number {
  if (!compound || compound === 'UNKNOWN') return 0;
  const index = compounds.indexOf(compound);
  return index >= 0 ? index : compounds.push(compound) - 1;
}
