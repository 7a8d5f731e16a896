/** What was read of a text, and the instant that it means (java.time.format.Parsed and IsoChronology, SMART). */
import { EPOCH_OF_TIME_ALONE } from '../unsettled.js';
import { DAY_MS, dateMs, dayOfYear, daysIn, firstWeek, weekdayOf, yearOfEra } from './calendar.js';
import { instantOf, MAX_TIME_MS, UTC, type Zone } from './zones.js';

/** Smallest and greatest value of each field (java.time.temporal.ChronoField). */
const RANGES = {
  era: [0, 1],
  year: [-999_999_999, 999_999_999],
  yearOfEra: [1, 1_000_000_000],
  weekYear: [-999_999_999, 999_999_999],
  quarter: [1, 4],
  month: [1, 12],
  week: [1, 54],
  weekOfMonth: [0, 6],
  dayOfYear: [1, 366],
  day: [1, 31],
  alignedDay: [1, 7],
  weekday: [1, 7],
  /** Sunday is 1. */
  localWeekday: [1, 7],
  julianDay: [-365_243_219_162 + 40_587, 365_241_780_471 + 40_587],
  halfOfDay: [0, 1],
  hour: [0, 24],
  clockHour: [0, 24],
  hourOfHalf: [0, 11],
  clockHourOfHalf: [0, 12],
  minute: [0, 59],
  second: [0, 59],
  nano: [0, 999_999_999],
  milliOfDay: [0, DAY_MS - 1],
  nanoOfDay: [0, DAY_MS * 1_000_000 - 1],
} as const satisfies Record<string, readonly [number, number]>;

export type FieldName = keyof typeof RANGES;

/** Midnight of a day, and the fields that it was made of and that need not be true of it. */
interface ResolvedDate {
  date: number;
  used: FieldName[];
}

type Copy = { values: Map<FieldName, number>; zone: Zone | undefined; offset: Zone | undefined };

export class Fields {
  #values = new Map<FieldName, number>();
  zone: Zone | undefined;
  /** An offset that was written as one; it goes before the zone. */
  offset: Zone | undefined;

  /** False when the value is out of range, or another one was there. */
  put(field: FieldName, value: number): boolean {
    const [least, most] = RANGES[field];
    const known = this.#values.get(field);
    if (value < least || value > most || (known !== undefined && known !== value)) return false;
    this.#values.set(field, value);
    return true;
  }

  /** False when another one was there. */
  putOffset(offset: Zone): boolean {
    if (this.offset !== undefined && this.offset.id !== offset.id) return false;
    this.offset = offset;
    return true;
  }

  copy(): Copy {
    return { values: new Map(this.#values), zone: this.zone, offset: this.offset };
  }

  restore({ values, zone, offset }: Copy): void {
    this.#values = values;
    this.zone = zone;
    this.offset = offset;
  }

  /** Epoch milliseconds, UTC where no zone was read; Undefined when the fields make no instant. */
  toEpochMs(): number | undefined {
    const date = this.#date();
    const time = this.#timeMs();
    if (time === 'broken' || date === 'broken') return undefined;
    if (date === undefined) return EPOCH_OF_TIME_ALONE;
    const localMs = date + (time ?? 0);
    if (!(Math.abs(localMs) <= MAX_TIME_MS)) return undefined;
    return Math.floor(instantOf(localMs, this.offset ?? this.zone ?? UTC));
  }

  /** Midnight of the day; Undefined when no field speaks of one. */
  #date(): number | undefined | 'broken' {
    const named = ['julianDay', 'year', 'yearOfEra', 'weekYear', 'month', 'day', 'dayOfYear', 'weekday'] as const;
    if (!named.some((field) => this.#values.has(field))) return undefined;
    const resolved = this.#resolveDate();
    if (resolved === undefined || !(Math.abs(resolved.date) <= MAX_TIME_MS)) return 'broken';
    return this.#agrees(resolved) ? resolved.date : 'broken';
  }

  #resolveDate(): ResolvedDate | undefined {
    const get = (field: FieldName) => this.#values.get(field);
    const julianDay = get('julianDay');
    if (julianDay !== undefined) return { date: (julianDay - 40_587) * DAY_MS, used: [] };
    const year = this.#year();
    const [month, day, ofYear] = [get('month'), get('day'), get('dayOfYear')];
    const weekday = this.#weekday();
    if (year !== undefined && month !== undefined && day !== undefined) {
      // SMART: the 31st of a shorter month is its last day.
      return { date: dateMs(year, month, Math.min(day, daysIn(year, month))), used: ['day'] };
    }
    if (year !== undefined && ofYear !== undefined) {
      const date = dateMs(year, 1, ofYear);
      return new Date(date).getUTCFullYear() === year ? { date, used: [] } : undefined;
    }
    if (weekday === undefined) return undefined;
    // Weeks are those of the United States: from Sunday, the first holds the first of January. They reach into the next
    // month or year.
    const into = weekday % 7;
    const [weekYear, week, weekOfMonth] = [get('weekYear'), get('week'), get('weekOfMonth')];
    if (weekYear !== undefined && week !== undefined) {
      const date = firstWeek(weekYear, 7, 1) + ((week - 1) * 7 + into) * DAY_MS;
      return { date, used: ['weekYear', 'week'] };
    }
    if (year !== undefined && month !== undefined && weekOfMonth !== undefined) {
      const first = dateMs(year, month, 1);
      const date = first - (weekdayOf(first) % 7) * DAY_MS + ((weekOfMonth - 1) * 7 + into) * DAY_MS;
      return { date, used: ['era', 'year', 'yearOfEra', 'month', 'weekOfMonth'] };
    }
    return undefined;
  }

  #year(): number | undefined {
    const ofEra = this.#values.get('yearOfEra');
    const year = this.#values.get('year');
    if (ofEra === undefined) return year;
    const era = this.#values.get('era') ?? (year !== undefined && year <= 0 ? 0 : 1);
    const resolved = era === 1 ? ofEra : 1 - ofEra;
    return year === undefined || year === resolved ? resolved : undefined;
  }

  /** 1 is Monday. */
  #weekday(): number | undefined {
    const local = this.#values.get('localWeekday');
    return this.#values.get('weekday') ?? (local === undefined ? undefined : ((local + 5) % 7) + 1);
  }

  /** Whether what was also read (a weekday, a quarter) is true of the day. */
  #agrees({ date, used }: ResolvedDate): boolean {
    const at = new Date(date);
    const year = at.getUTCFullYear();
    const month = at.getUTCMonth() + 1;
    const facts: Partial<Record<FieldName, number>> = {
      weekday: weekdayOf(date),
      localWeekday: (weekdayOf(date) % 7) + 1,
      quarter: Math.floor((month - 1) / 3) + 1,
      month,
      dayOfYear: dayOfYear(date),
      day: at.getUTCDate(),
      alignedDay: ((at.getUTCDate() - 1) % 7) + 1,
      weekOfMonth: Math.floor((at.getUTCDate() - 1 + (weekdayOf(dateMs(year, month, 1)) % 7)) / 7) + 1,
      ...localWeekOf(date),
      yearOfEra: yearOfEra(year),
      year,
      era: year > 0 ? 1 : 0,
    };
    for (const field of used) delete facts[field];
    return this.#areTrue(facts);
  }

  #areTrue(facts: Partial<Record<FieldName, number>>): boolean {
    return Object.entries(facts).every(([field, value]) => {
      const read = this.#values.get(field as FieldName);
      return read === undefined || read === value;
    });
  }

  /** Milliseconds into the day; Undefined when no field speaks of a time. */
  #timeMs(): number | undefined | 'broken' {
    const nanos = this.#nanoOfDay();
    if (nanos === undefined || nanos === 'broken') return nanos;
    // 24:00 is the end of the day; a second later is no time.
    if (nanos >= DAY_NANOS) return nanos > DAY_NANOS ? 'broken' : DAY_MS;
    const seconds = Math.floor(nanos / 1e9);
    const hour = Math.floor(seconds / 3600);
    const agrees = this.#areTrue({
      halfOfDay: Math.floor(hour / 12),
      hour,
      clockHour: hour || 24,
      hourOfHalf: hour % 12,
      clockHourOfHalf: hour % 12 || 12,
      minute: Math.floor(seconds / 60) % 60,
      second: seconds % 60,
      nano: nanos % 1e9,
      milliOfDay: Math.floor(nanos / 1e6),
    });
    return agrees ? nanos / 1e6 : 'broken';
  }

  #nanoOfDay(): number | undefined | 'broken' {
    const get = (field: FieldName) => this.#values.get(field);
    const [ofDay, millis] = [get('nanoOfDay'), get('milliOfDay')];
    if (ofDay !== undefined) return ofDay;
    if (millis !== undefined) return millis * 1e6 + ((get('nano') ?? 0) % 1e6);
    const [minute, second, nano] = [get('minute'), get('second'), get('nano')];
    const hour = this.#hour();
    if (hour === undefined) return TIME_FIELDS.some((field) => this.#values.has(field)) ? 'broken' : undefined;
    if (minute === undefined && (second !== undefined || nano !== undefined)) return 'broken';
    if (second === undefined && nano !== undefined) return 'broken';
    return (hour * 3600 + (minute ?? 0) * 60 + (second ?? 0)) * 1e9 + (nano ?? 0);
  }

  #hour(): number | undefined {
    const get = (field: FieldName) => this.#values.get(field);
    const hour = get('hour');
    if (hour !== undefined) return hour;
    const clockHour = get('clockHour');
    if (clockHour !== undefined) return clockHour % 24;
    const clockHalf = get('clockHourOfHalf');
    const ofHalf = get('hourOfHalf') ?? (clockHalf === undefined ? undefined : clockHalf % 12);
    const half = get('halfOfDay');
    return half === undefined || ofHalf === undefined ? undefined : half * 12 + ofHalf;
  }
}

const DAY_NANOS = DAY_MS * 1e6;

const TIME_FIELDS: readonly FieldName[] = [
  'halfOfDay',
  'hour',
  'clockHour',
  'hourOfHalf',
  'clockHourOfHalf',
  'minute',
  'second',
  'nano',
];

/** Week and its year as in the United States: from Sunday, the first week holds the first of January. */
function localWeekOf(date: number): { weekYear: number; week: number } {
  const year = new Date(date).getUTCFullYear();
  const weekYear = firstWeek(year + 1, 7, 1) <= date ? year + 1 : year;
  return { weekYear, week: Math.floor((date - firstWeek(weekYear, 7, 1)) / (7 * DAY_MS)) + 1 };
}
