import { type Dialect, parseNumber } from './dialect.js';

/**
 * How a time column is written: seconds, milliseconds or microseconds (since anything: the epoch, the logger's start), ISO
 * 8601, or the time of day `hh:mm:ss.fff`.
 */
export type TimeForm = 's' | 'ms' | 'us' | 'iso' | 'clock';

const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?$/;
const CLOCK = /^(\d{1,2}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?$/;
const DAY_MS = 86_400_000;
const MS_PER: Record<'s' | 'ms' | 'us', number> = { s: 1000, ms: 1, us: 0.001 };
/** Numbers from here on are epochs: 1973 in ms and in µs, 2001 in s. */
const EPOCH_US_MIN = 1e14;
const EPOCH_MS_MIN = 1e11;

/** The form of a time column by its unit, its name and its first cell; undefined where the cell is no time at all. */
export function inferTimeForm(
  cell: string,
  unit: string,
  name: string,
  decimal: Dialect['decimal'],
): TimeForm | undefined {
  if (ISO.test(cell)) return 'iso';
  if (CLOCK.test(cell)) return 'clock';
  const value = parseNumber(cell, decimal);
  if (Number.isNaN(value)) return undefined;
  const hint = `${unit} ${/_(\w+)$/.exec(name)?.[1] ?? ''}`.toLowerCase();
  if (/\b(?:us|µs|usec)\b/.test(hint) || value >= EPOCH_US_MIN) return 'us';
  if (/\b(?:ms|msec|millis)\b/.test(hint) || value >= EPOCH_MS_MIN) return 'ms';
  return 's';
}

/** What a reader of times of day has counted: midnights passed, and the last time (null before the first). */
export interface ClockState {
  dayMs: number;
  lastMs: number | null;
}

/** Cells of a time column → ms. Times of day run on over midnight. */
export class TimeReader {
  readonly #form: TimeForm;
  readonly #decimal: Dialect['decimal'];
  #dayMs: number;
  #lastClockMs: number;

  /** @param state to go on where another left off */
  constructor(form: TimeForm, decimal: Dialect['decimal'], state: ClockState = { dayMs: 0, lastMs: null }) {
    this.#form = form;
    this.#decimal = decimal;
    this.#dayMs = state.dayMs;
    this.#lastClockMs = state.lastMs ?? Number.NEGATIVE_INFINITY;
  }

  get state(): ClockState {
    return { dayMs: this.#dayMs, lastMs: Number.isFinite(this.#lastClockMs) ? this.#lastClockMs : null };
  }

  /** NaN where the cell is no time. */
  read(cell: string): number {
    if (this.#form === 'iso') return readIso(cell);
    if (this.#form === 'clock') return this.#readClock(cell);
    return parseNumber(cell, this.#decimal) * MS_PER[this.#form];
  }

  #readClock(cell: string): number {
    const match = CLOCK.exec(this.#decimal === ',' ? cell.replace(',', '.') : cell);
    if (!match) return Number.NaN;
    const clockMs = (Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3] ?? 0)) * 1000;
    if (this.#lastClockMs - clockMs > DAY_MS / 2) this.#dayMs += DAY_MS;
    this.#lastClockMs = clockMs;
    return this.#dayMs + clockMs;
  }
}

/** Without a zone it is UTC, as loggers write it; `Date.parse` would take the zone of the machine. */
function readIso(cell: string): number {
  if (!ISO.test(cell)) return Number.NaN;
  const text = cell.replace(' ', 'T').replace(',', '.');
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
}
