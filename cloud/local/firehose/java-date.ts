/** java.time's patterns (DateTimeFormatter.ofPattern), for writing: what `!{timestamp:…}` takes. */
import { dayOfYear, MONTHS, WEEKDAYS, weekdayOf, yearOfEra } from '#rules/sql/time/calendar.js';
import { offsetText, type Zone } from '#rules/sql/time/zones.js';

/** An instant, and the same moment as the zone's clocks show it, as if it were UTC. */
interface Moment {
  local: Date;
  epochMs: number;
  zone: Zone;
}

type Field = (moment: Moment) => string;
export type DateWriter = (epochMs: number, zone: Zone) => string;

const FRACTION_DIGITS_MAX = 9;

/** A number of one to `most` letters, filled up with zeros to their count. */
const number =
  (read: (moment: Moment) => number, most: number) =>
  (count: number): Field | undefined =>
    count <= most ? (moment) => String(read(moment)).padStart(count, '0') : undefined;

/** Two letters write the last two digits. */
const year =
  (read: (date: Date) => number) =>
  (count: number): Field =>
  ({ local }) =>
    String(count === 2 ? read(local) % 100 : read(local)).padStart(count, '0');

/** Three letters a short word, four the word, five its first letter. */
const word =
  (read: (date: Date) => string) =>
  (count: number): Field | undefined =>
    count > 5 ? undefined : ({ local }) => (count === 4 ? read(local) : read(local).slice(0, count === 5 ? 1 : 3));

const monthNumber = number(({ local }) => local.getUTCMonth() + 1, 2);
const monthWord = word((date) => MONTHS[date.getUTCMonth()]);
const month = (count: number) => (count <= 2 ? monthNumber(count) : monthWord(count));

const quarterOf = (date: Date) => Math.floor(date.getUTCMonth() / 3) + 1;
const quarter = (count: number): Field | undefined => {
  if (count > 4) return undefined;
  if (count <= 2) return ({ local }) => String(quarterOf(local)).padStart(count, '0');
  return ({ local }) =>
    count === 3 ? `Q${quarterOf(local)}` : `${['1st', '2nd', '3rd', '4th'][quarterOf(local) - 1]} quarter`;
};

/** X writes Z for zero, x does not; one letter drops minutes of zero, three and five have a colon. */
const offset =
  (zero: string | undefined) =>
  (count: number): Field | undefined =>
    count > 3
      ? undefined
      : ({ epochMs, zone }) => {
          const offsetMs = zone.offsetMs(epochMs);
          if (offsetMs === 0 && zero !== undefined) return zero;
          const [hours, minutes] = offsetText(offsetMs).slice(0, 6).split(':');
          if (count === 1) return minutes === '00' ? hours : `${hours}${minutes}`;
          return count === 2 ? `${hours}${minutes}` : `${hours}:${minutes}`;
        };

const FIELDS: Record<string, (count: number) => Field | undefined> = {
  u: year((date) => date.getUTCFullYear()),
  y: year((date) => yearOfEra(date.getUTCFullYear())),
  M: month,
  L: month,
  d: number(({ local }) => local.getUTCDate(), 2),
  D: number(({ local }) => dayOfYear(local.getTime()), 3),
  Q: quarter,
  q: quarter,
  E: (count) => (count > 5 ? undefined : word((date) => WEEKDAYS[weekdayOf(date.getTime()) - 1])(Math.max(3, count))),
  a: (count) => (count === 1 ? ({ local }) => (local.getUTCHours() < 12 ? 'AM' : 'PM') : undefined),
  H: number(({ local }) => local.getUTCHours(), 2),
  k: number(({ local }) => local.getUTCHours() || 24, 2),
  K: number(({ local }) => local.getUTCHours() % 12, 2),
  h: number(({ local }) => local.getUTCHours() % 12 || 12, 2),
  m: number(({ local }) => local.getUTCMinutes(), 2),
  s: number(({ local }) => local.getUTCSeconds(), 2),
  S: (count) =>
    count > FRACTION_DIGITS_MAX
      ? undefined
      : ({ local }) =>
          String(local.getUTCMilliseconds()).padStart(3, '0').padEnd(FRACTION_DIGITS_MAX, '0').slice(0, count),
  A: number(({ local }) => local.getTime() - Math.floor(local.getTime() / 86_400_000) * 86_400_000, 19),
  z: (count) => (count > 4 ? undefined : ({ epochMs, zone }) => zone.name(epochMs, count === 4 ? 'long' : 'short')),
  V: (count) => (count === 2 ? ({ zone }) => zone.id : undefined),
  X: offset('Z'),
  x: offset(undefined),
  Z: (count) => (count <= 3 ? offset(undefined)(2) : undefined),
};

/** Compiles a pattern; undefined when java.time refuses it, or for a letter that is not served (week fields, eras). */
export function compileDateWriter(pattern: string): DateWriter | undefined {
  const fields: Field[] = [];
  for (const [token] of pattern.matchAll(/([A-Za-z])\1*|'(?:[^']|'')*'|./gs)) {
    const field = fieldOf(token);
    if (field === undefined) return undefined;
    fields.push(field);
  }
  if (fields.length === 0) return undefined;
  return (epochMs, zone) => {
    const moment: Moment = { epochMs, zone, local: new Date(epochMs + zone.offsetMs(epochMs)) };
    return fields.map((field) => field(moment)).join('');
  };
}

function fieldOf(token: string): Field | undefined {
  const [first] = token;
  if (/[A-Za-z]/.test(first)) return Object.hasOwn(FIELDS, first) ? FIELDS[first](token.length) : undefined;
  // Reserved by java.time, and a quote without its pair.
  if ('{}#[]'.includes(first) || token === "'") return undefined;
  const literal = first === "'" ? token.slice(1, -1).replaceAll("''", "'") || "'" : token;
  return () => literal;
}
