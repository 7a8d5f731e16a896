/** Joda-Time's patterns (org.joda.time.format.DateTimeFormat), for writing: what parse_time() takes. */
import { dayOfYear, MONTHS, WEEKDAYS, weekdayOf, weekOf, yearOfEra } from './calendar.js';
import { offsetText, twoDigits, type Zone } from './zones.js';

/** An instant, and the same moment as the zone's clocks show it, as if it were UTC. */
interface Moment {
  local: Date;
  epochMs: number;
  zone: Zone;
}

type Field = (moment: Moment) => string;
export type TimeFormat = (epochMs: number, zone: Zone) => string;

/** Digits that Joda-Time pads to at most; a pattern of a megabyte is no pattern. */
const MAX_WIDTH = 100;
/** Digits of a fraction of a second that Joda-Time writes at most. */
const MAX_FRACTION = 15;

const number =
  (read: (date: Date) => number) =>
  (width: number): Field =>
  ({ local }) =>
    padded(read(local), width);

function padded(value: number, width: number): string {
  return (value < 0 ? '-' : '') + String(Math.abs(value)).padStart(width, '0');
}

/** Two letters write the last two digits of `short`. */
const year =
  (read: (date: Date) => number, short = read) =>
  (width: number): Field =>
  ({ local }) =>
    width === 2 ? twoDigits(Math.abs(short(local)) % 100) : padded(read(local), width);

const calendarYear = (date: Date) => date.getUTCFullYear();

/** Four letters or more write the word in full. */
const word =
  (read: (date: Date) => string) =>
  (width: number): Field =>
  ({ local }) =>
    width >= 4 ? read(local) : read(local).slice(0, 3);

const monthNumber = number((date) => date.getUTCMonth() + 1);
const monthWord = word((date) => MONTHS[date.getUTCMonth()]);

const FIELDS: Record<string, (width: number) => Field> = {
  G:
    () =>
    ({ local }) =>
      local.getUTCFullYear() > 0 ? 'AD' : 'BC',
  C: number((date) => Math.trunc(Math.abs(date.getUTCFullYear()) / 100)),
  Y: year((date) => yearOfEra(date.getUTCFullYear()), calendarYear),
  y: year(calendarYear),
  x: year((date) => weekOf(date.getTime()).year),
  w: number((date) => weekOf(date.getTime()).week),
  e: number((date) => weekdayOf(date.getTime())),
  E: word((date) => WEEKDAYS[weekdayOf(date.getTime()) - 1]),
  D: number((date) => dayOfYear(date.getTime())),
  M: (width) => (width >= 3 ? monthWord(width) : monthNumber(width)),
  d: number((date) => date.getUTCDate()),
  a:
    () =>
    ({ local }) =>
      local.getUTCHours() < 12 ? 'AM' : 'PM',
  K: number((date) => date.getUTCHours() % 12),
  h: number((date) => date.getUTCHours() % 12 || 12),
  H: number((date) => date.getUTCHours()),
  k: number((date) => date.getUTCHours() || 24),
  m: number((date) => date.getUTCMinutes()),
  s: number((date) => date.getUTCSeconds()),
  S:
    (width) =>
    ({ local }) =>
      padded(local.getUTCMilliseconds(), 3).padEnd(MAX_FRACTION, '0').slice(0, width),
  z:
    (width) =>
    ({ epochMs, zone }) =>
      zone.name(epochMs, width >= 4 ? 'long' : 'short'),
  Z:
    (width) =>
    ({ epochMs, zone }) => {
      if (width > 2) return zone.id;
      // Hours and minutes, whatever seconds there once were.
      const text = offsetText(zone.offsetMs(epochMs)).slice(0, 6);
      return width === 2 ? text : text.replace(':', '');
    },
};

/** Compiles a pattern; Undefined when Joda-Time refuses it. */
export function compileJodaPattern(pattern: string): TimeFormat | undefined {
  const fields: Field[] = [];
  for (let at = 0; at < pattern.length; ) {
    const letter = pattern[at];
    if (/[A-Za-z]/.test(letter)) {
      let width = 1;
      while (pattern[at + width] === letter) width++;
      if (!Object.hasOwn(FIELDS, letter) || width > MAX_WIDTH) return undefined;
      fields.push(FIELDS[letter](width));
      at += width;
    } else {
      const { text, next } = readLiteral(pattern, at);
      if (text !== '') fields.push(() => text);
      at = next;
    }
  }
  if (fields.length === 0) return undefined;
  return (epochMs, zone) => {
    const moment: Moment = { epochMs, zone, local: new Date(epochMs + zone.offsetMs(epochMs)) };
    let text = '';
    for (const field of fields) text += field(moment);
    return text;
  };
}

/** Up to the next letter outside quotes; `''` is a quote, and a quote that is not closed reaches to the end. */
function readLiteral(pattern: string, from: number): { text: string; next: number } {
  let text = '';
  let quoted = false;
  for (let at = from; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === "'") {
      if (pattern[at + 1] === "'") {
        text += "'";
        at++;
      } else {
        quoted = !quoted;
      }
    } else if (!quoted && /[A-Za-z]/.test(character)) {
      return { text, next: at };
    } else {
      text += character;
    }
  }
  return { text, next: pattern.length };
}
