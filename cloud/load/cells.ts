import { parseNumber } from '#wire/csv/dialect.js';
import type { Flag } from '#wire/messages.js';

type Decimal = '.' | ',';

/** What tables write where they have nothing. */
const NOTHING = new Set(['', '-', '--', 'na', 'n/a', 'nan', 'null', 'none', 'nil', '\\n']);

export function isNothing(cell: string): boolean {
  if (cell === '') return true;
  return cell.length <= 4 && NOTHING.has(cell.toLowerCase());
}

const DURATION = /^(?:(\d{1,3}):)?(\d{1,3}):([0-5]?\d(?:\.\d+)?)$/;

/**
 * A duration in ms: `94.233` (in `unitMs`), `1:34.233`, `0:01:34.233`. NaN for what is none.
 *
 * @param unitMs what a plain number counts, ms: 1,000 for seconds
 */
export function parseDurationMs(cell: string, decimal: Decimal, unitMs: number): number {
  const match = DURATION.exec(decimal === ',' ? cell.replace(',', '.') : cell);
  if (match) return roundMs((Number(match[1] ?? 0) * 3600 + Number(match[2]) * 60 + Number(match[3])) * 1000);
  return roundMs(parseNumber(cell, decimal) * unitMs);
}

/** To the microsecond: 94.233 × 1000 is 94,233 and not 94,232.99999999999. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** Titles that end so count milliseconds. */
export function isMsTitle(name: string, unit: string): boolean {
  return /ms$/i.test(name) || /^(?:ms|msec)$/i.test(unit);
}

/** `1`, `true`, `yes` and the `B` of timing sheets (from French "box"). */
export function parseYes(cell: string): boolean {
  return /^(?:1|1\.0|true|yes|y|b|in|out|pit)$/i.test(cell);
}

const FLAGS: Record<string, Flag> = {
  g: 'green',
  gf: 'green',
  green: 'green',
  y: 'yellow',
  s: 'yellow',
  v: 'yellow',
  sc: 'yellow',
  vsc: 'virtual',
  fcy: 'yellow',
  yellow: 'yellow',
  caution: 'yellow',
  r: 'red',
  rf: 'red',
  red: 'red',
  w: 'white',
  white: 'white',
  c: 'checkered',
  ff: 'checkered',
  checkered: 'checkered',
  chequered: 'checkered',
};

/** A safety car is yellow, and so is `fcy`, by which some series mean a caution behind a car and some a virtual one. `none` for what is not known. */
export function parseFlag(cell: string): Flag {
  return FLAGS[cell.toLowerCase()] ?? 'none';
}
