import { csvCell } from '#wire/csv/dialect.js';
import type { PracticeSheet } from '../practice/sheet.js';

type Cell = string | number | null | undefined;

/** Rows as CSV (RFC 4180): a cell with a comma, quote or line end is quoted. */
export function csv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(cellText).join(',')}\r\n`).join('');
}

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'number') return String(cell);
  // A spreadsheet would run it: names come from files of others.
  return csvCell(/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell);
}

/** Every lap of the sheet, times in s. */
export function sheetCsv({ run, entry, driver, laps, best, sectors }: PracticeSheet): string {
  const head = ['run', 'entry', 'driver', 'lap', 'stint', 'stint_lap', 'kind', 'flag', 'lap_time_s', 'to_best_s'];
  return csv([
    [...head, ...sectors.map((_, i) => `sector_${i + 1}_s`), 'fuel_used_kg'],
    ...laps.map((lap) => [
      run,
      entry,
      driver,
      lap.lap,
      lap.stint,
      lap.ageLaps,
      lap.kind,
      lap.flag,
      inSeconds(lap.lapTimeMs),
      best && lap.lapTimeMs && inSeconds(lap.lapTimeMs - best.lapTimeMs),
      ...sectors.map((_, i) => (lap.sectorsMs.length === sectors.length ? inSeconds(lap.sectorsMs[i]) : null)),
      lap.fuelUsedKg,
    ]),
  ]);
}

function inSeconds(ms: number | null): number | null {
  return ms === null ? null : Number((ms / 1000).toFixed(6));
}
