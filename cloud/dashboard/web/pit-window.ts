import type { CarRow } from '../view.js';
import { ABSENT } from './format.js';

export type WindowState = 'unknown' | 'ahead' | 'open' | 'last' | 'over';

/** A pit window as the tower shows it: state in words and in a class, so that neither colour nor text stands alone. */
export interface WindowCell {
  state: WindowState;
  text: string;
}

/** Laps of the window count completed laps, as `row.laps` does. */
export function pitWindowCell(row: Pick<CarRow, 'laps' | 'pitWindow' | 'status'>): WindowCell {
  const { pitWindow, laps, status } = row;
  if (!pitWindow || status === 'retired' || status === 'finished') return { state: 'unknown', text: ABSENT };
  const { openLap, closeLap, bestLap } = pitWindow;
  if (laps < openLap) return { state: 'ahead', text: `${openLap}–${closeLap} in ${openLap - laps}` };
  if (laps < closeLap) return { state: 'open', text: `OPEN to ${closeLap} ★${Math.max(bestLap, laps)}` };
  return laps === closeLap
    ? { state: 'last', text: 'LAST LAP' }
    : { state: 'over', text: `OVER by ${laps - closeLap}` };
}
