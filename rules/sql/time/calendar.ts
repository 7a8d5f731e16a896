/** The proleptic Gregorian calendar of ISO 8601, as Joda-Time and java.time count it. Dates are UTC milliseconds. */

export const DAY_MS = 86_400_000;

export const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
export const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);

/** Midnight of a day; `Date.UTC` would take the years 0 to 99 for 1900 and later. */
export function dateMs(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime();
}

export function daysIn(year: number, month: number): number {
  return new Date(dateMs(year, month + 1, 0)).getUTCDate();
}

/** 1 is Monday. */
export function weekdayOf(ms: number): number {
  return new Date(ms).getUTCDay() || 7;
}

/** From 1. */
export function dayOfYear(ms: number): number {
  return Math.floor((ms - dateMs(new Date(ms).getUTCFullYear(), 1, 1)) / DAY_MS) + 1;
}

/** Midnight of the first day of the first week of a year: weeks begin on `firstDay` and have `minDays` in the year. */
export function firstWeek(year: number, firstDay: number, minDays: number): number {
  const newYear = dateMs(year, 1, 1);
  const into = (weekdayOf(newYear) - firstDay + 7) % 7;
  const start = newYear - into * DAY_MS;
  return 7 - into >= minDays ? start : start + 7 * DAY_MS;
}

/** Year and week that a day belongs to: ISO 8601 with Monday and four days. */
export function weekOf(ms: number): { year: number; week: number } {
  const calendarYear = new Date(ms).getUTCFullYear();
  const start = [calendarYear + 1, calendarYear, calendarYear - 1].find((year) => firstWeek(year, 1, 4) <= ms)!;
  return { year: start, week: Math.floor((ms - firstWeek(start, 1, 4)) / (7 * DAY_MS)) + 1 };
}

/** 1 BC is year 0, and year 1 of its era. */
export function yearOfEra(year: number): number {
  return year > 0 ? year : 1 - year;
}
