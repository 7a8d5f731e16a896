/** Elements of a java.time pattern that read a zone or an offset. */
import { type Element, FAILED } from './java-elements.js';
import { fixedZone, regionOf, type Zone } from './zones.js';

/** java.time.ZoneOffset. */
const MAX_OFFSET_MS = 18 * 3_600_000;

/** Shapes of an offset after its sign; what is in lower case in Java's name of them may be absent. */
const SHAPES: Record<string, RegExp> = {
  '+HHmm': /([+-])(\d\d)(\d\d)?/y,
  '+HHMM': /([+-])(\d\d)(\d\d)/y,
  '+HH:MM': /([+-])(\d\d):(\d\d)/y,
  '+HHMMss': /([+-])(\d\d)(\d\d)(\d\d)?/y,
  '+HH:MM:ss': /([+-])(\d\d):(\d\d)(?::(\d\d))?/y,
  /** Of a zone's id: `UTC+1` is none, `UTC+01` is. */
  id: /([+-])(\d\d)(?::?(\d\d)(?::?(\d\d))?)?/y,
  /** `GMT+8`, `GMT+08:00`. */
  localizedShort: /([+-])(\d{1,2})(?::(\d\d)(?::(\d\d))?)?/y,
};

/** An offset, or the text that stands for none. */
export function offsetElement(shape: string, noOffset: string): Element {
  return (text, at, fields) => {
    if (text.startsWith(noOffset, at)) {
      fields.offset = fixedZone(0);
      return at + noOffset.length;
    }
    const read = readOffset(shape, text, at);
    if (read === undefined) return FAILED;
    fields.offset = read.zone;
    return read.end;
  };
}

/** `GMT`, and an offset if there is one. */
export function localizedOffsetElement(shape: string): Element {
  return (text, at, fields) => {
    if (!text.startsWith('GMT', at)) return FAILED;
    const read = readOffset(shape, text, at + 3);
    fields.offset = read?.zone ?? fixedZone(0);
    return read?.end ?? at + 3;
  };
}

function readOffset(shape: string, text: string, at: number): { zone: Zone; end: number } | undefined {
  const pattern = SHAPES[shape];
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [whole, sign, hours, minutes = '0', seconds = '0'] = match;
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  if (Number(minutes) > 59 || Number(seconds) > 59 || ms > MAX_OFFSET_MS) return undefined;
  return { zone: fixedZone(sign === '-' ? -ms : ms), end: at + whole.length };
}

/** A zone's id: an offset, `UTC+01:00`, `Europe/Rome`. With `names` also what people call zones: `PST`, `Central European Time`. */
export function zoneElement(names: boolean): Element {
  return (text, at, fields) => {
    const read = readOffset('id', text, at) ?? readPrefixed(text, at) ?? readRegion(text, at, names);
    if (read === undefined) return FAILED;
    fields.zone = read.zone;
    return read.end;
  };
}

function readPrefixed(text: string, at: number): { zone: Zone; end: number } | undefined {
  const prefix = ['UTC', 'GMT', 'UT'].find((each) => text.startsWith(each, at));
  if (prefix === undefined) return undefined;
  const end = at + prefix.length;
  return readOffset('id', text, end) ?? { zone: fixedZone(0), end };
}

/** The longest that there is. */
function readRegion(text: string, at: number, names: boolean): { zone: Zone; end: number } | undefined {
  const pattern = /[A-Za-z][A-Za-z0-9~/._+-]{0,63}/y;
  pattern.lastIndex = at;
  const written = pattern.exec(text)?.[0] ?? '';
  const [name, id] = (names && NAMES.find(([each]) => text.startsWith(each, at))) || ['', ''];
  for (let length = written.length; length > Math.max(1, name.length); length--) {
    const zone = regionOf(written.slice(0, length));
    if (zone !== undefined) return { zone, end: at + length };
  }
  const zone = regionOf(id);
  if (zone !== undefined) return { zone, end: at + name.length };
  return text[at] === 'Z' ? { zone: fixedZone(0), end: at + 1 } : undefined;
}

/** What people call the zones in which most of them live, as Java takes it in English; the longest first. */
const NAMES = Object.entries({
  'America/Los_Angeles': ['PST', 'PDT', 'PT', 'Pacific Standard Time', 'Pacific Daylight Time', 'Pacific Time'],
  'America/Denver': ['MST', 'MDT', 'MT', 'Mountain Standard Time', 'Mountain Daylight Time', 'Mountain Time'],
  'America/Chicago': ['CST', 'CDT', 'CT', 'Central Standard Time', 'Central Daylight Time', 'Central Time'],
  'America/New_York': ['EST', 'EDT', 'ET', 'Eastern Standard Time', 'Eastern Daylight Time', 'Eastern Time'],
  'America/Anchorage': ['AKST', 'AKDT', 'Alaska Standard Time', 'Alaska Daylight Time'],
  'Pacific/Honolulu': ['HST', 'Hawaii-Aleutian Standard Time'],
  'America/Sao_Paulo': ['BRT', 'BRST', 'Brasilia Standard Time'],
  'Europe/London': ['BST', 'British Summer Time', 'Greenwich Mean Time'],
  'Europe/Lisbon': ['WET', 'WEST', 'Western European Standard Time', 'Western European Summer Time'],
  'Europe/Paris': ['CET', 'CEST', 'Central European Standard Time', 'Central European Summer Time'],
  'Europe/Bucharest': ['EET', 'EEST', 'Eastern European Standard Time', 'Eastern European Summer Time'],
  'Europe/Moscow': ['MSK', 'Moscow Standard Time'],
  'Asia/Dubai': ['Gulf Standard Time'],
  'Asia/Kolkata': ['IST', 'India Standard Time'],
  'Asia/Singapore': ['SGT', 'Singapore Standard Time'],
  'Asia/Hong_Kong': ['HKT', 'Hong Kong Standard Time'],
  'Asia/Shanghai': ['China Standard Time'],
  'Asia/Tokyo': ['JST', 'Japan Standard Time'],
  'Asia/Seoul': ['KST', 'Korean Standard Time'],
  'Australia/Sydney': ['AEST', 'AEDT', 'Australian Eastern Standard Time', 'Australian Eastern Daylight Time'],
  'Pacific/Auckland': ['NZST', 'NZDT', 'New Zealand Standard Time', 'New Zealand Daylight Time'],
  UTC: ['Coordinated Universal Time'],
})
  .flatMap(([zone, names]) => names.map((name): [name: string, zone: string] => [name, zone]))
  .sort(([a], [b]) => b.length - a.length);
