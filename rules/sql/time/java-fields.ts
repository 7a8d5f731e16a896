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
    const date = this.#resolveDate();
    return date !== undefined && Math.abs(date) <= MAX_TIME_MS && this.#agrees(date) ? date : 'broken';
  }

  #resolveDate(): number | undefined {
    const get = (field: FieldName) => this.#values.get(field);
    const julianDay = get('julianDay');
    if (julianDay !== undefined) return (julianDay - 40_587) * DAY_MS;
    const year = this.#year();
    const [month, day, ofYear] = [get('month'), get('day'), get('dayOfYear')];
    const weekday = this.#weekday();
    if (year !== undefined && month !== undefined && day !== undefined) {
      // SMART: the 31st of a shorter month is its last day.
      return dateMs(year, month, Math.min(day, daysIn(year, month)));
    }
    if (year !== undefined && ofYear !== undefined) {
      const date = dateMs(year, 1, ofYear);
      return new Date(date).getUTCFullYear() === year ? date : undefined;
    }
    if (weekday === undefined) return undefined;
    // Weeks are those of the United States: from Sunday, the first holds the first of January.
    const into = weekday % 7;
    const [weekYear, week, weekOfMonth] = [get('weekYear'), get('week'), get('weekOfMonth')];
    if (weekYear !== undefined && week !== undefined) {
      return firstWeek(weekYear, 7, 1) + ((week - 1) * 7 + into) * DAY_MS;
    }
    if (year !== undefined && month !== undefined && weekOfMonth !== undefined) {
      const first = dateMs(year, month, 1);
      return first - (weekdayOf(first) % 7) * DAY_MS + ((weekOfMonth - 1) * 7 + into) * DAY_MS;
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
  #agrees(date: number): boolean {
    const at = new Date(date);
    const facts: Partial<Record<FieldName, number>> = {
      weekday: weekdayOf(date),
      localWeekday: (weekdayOf(date) % 7) + 1,
      quarter: Math.floor(at.getUTCMonth() / 3) + 1,
      month: at.getUTCMonth() + 1,
      dayOfYear: dayOfYear(date),
      alignedDay: ((at.getUTCDate() - 1) % 7) + 1,
      yearOfEra: yearOfEra(at.getUTCFullYear()),
      year: at.getUTCFullYear(),
      era: at.getUTCFullYear() > 0 ? 1 : 0,
    };
    return Object.entries(facts).every(([field, value]) => {
      const read = this.#values.get(field as FieldName);
      return read === undefined || read === value;
    });
  }

  /** Milliseconds into the day; Undefined when no field speaks of a time. */
  #timeMs(): number | undefined | 'broken' {
    const get = (field: FieldName) => this.#values.get(field);
    const whole = get('nanoOfDay') ?? (get('milliOfDay') ?? Number.NaN) * 1e6;
    if (!Number.isNaN(whole)) return whole / 1e6;
    const parts = [
      'halfOfDay',
      'hour',
      'clockHour',
      'hourOfHalf',
      'clockHourOfHalf',
      'minute',
      'second',
      'nano',
    ] as const;
    if (!parts.some((field) => this.#values.has(field))) return undefined;
    const hour = this.#hour();
    const [minute, second, nano] = [get('minute'), get('second'), get('nano')];
    if (hour === undefined) return 'broken';
    if (minute === undefined && (second !== undefined || nano !== undefined)) return 'broken';
    if (second === undefined && nano !== undefined) return 'broken';
    const rest = ((minute ?? 0) * 60 + (second ?? 0)) * 1000 + (nano ?? 0) / 1e6;
    // 24:00 is the end of the day; a second later is no time.
    return hour === 24 && rest > 0 ? 'broken' : hour * 3_600_000 + rest;
  }

  #hour(): number | undefined {
    const get = (field: FieldName) => this.#values.get(field);
    const clockHour = get('clockHour');
    const clockHalf = get('clockHourOfHalf');
    const ofHalf = get('hourOfHalf') ?? (clockHalf === undefined ? undefined : clockHalf % 12);
    const half = get('halfOfDay');
    const hours = [
      get('hour'),
      clockHour === undefined ? undefined : clockHour % 24,
      half === undefined || ofHalf === undefined ? undefined : half * 12 + ofHalf,
    ].filter((hour) => hour !== undefined);
    return hours.every((hour) => hour === hours[0]) ? hours[0] : undefined;
  }
}
