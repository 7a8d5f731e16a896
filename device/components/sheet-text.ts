import type { SheetRow, SheetState } from './practice-sheet.js';

/** Laps shown, newest first. */
const ROWS_MAX = 20;

/**
 * The sheet for a person.
 *
 * @example
 * // best 29.874 (lap 12)  ideal 29.701
 * //  lap     time     best    ideal  sectors
 * //   13   30.102   +0.228   +0.401  9.870 (+0.010)  10.200 (-0.012)  10.032 (+0.230)
 */
export function sheetText({ best, idealMs, reference, laps }: SheetState): string[] {
  if (!best) return ['No lap yet.'];
  const head = [`best ${seconds(best.lapTimeMs)} (lap ${best.lap})`];
  if (idealMs !== null) head.push(`ideal ${seconds(idealMs)}`);
  if (reference) head.push(`${reference.title} ${seconds(reference.lapTimeMs)}`);
  const columns = ['lap', 'time', 'best', 'ideal', ...(reference ? ['sheet'] : [])];
  return [
    head.join('  '),
    [...columns.map((title, i) => title.padStart(i === 0 ? 5 : 9)), '  sectors'].join(''),
    ...laps
      .slice(-ROWS_MAX)
      .toReversed()
      .map((row) => line(row, reference !== null)),
  ];
}

function line(row: SheetRow, hasReference: boolean): string {
  const { lap, lapTimeMs, toBestMs, toIdealMs, toReferenceMs, sectorsMs = [], sectorsToBestMs = [] } = row;
  const deltas = [toBestMs, toIdealMs, ...(hasReference ? [toReferenceMs] : [])];
  const sectors = sectorsMs.map((timeMs, i) => `${seconds(timeMs)} (${delta(sectorsToBestMs[i] ?? null)})`);
  return [
    String(lap).padStart(5),
    seconds(lapTimeMs).padStart(9),
    ...deltas.map((each) => delta(each).padStart(9)),
    ...sectors.map((each) => `  ${each}`),
  ].join('');
}

function seconds(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const rest = ((ms % 60_000) / 1000).toFixed(3);
  return minutes > 0 ? `${minutes}:${rest.padStart(6, '0')}` : rest;
}

function delta(ms: number | null): string {
  return ms === null ? '-' : `${ms < 0 ? '-' : '+'}${seconds(Math.abs(ms))}`;
}
