/** Elements of a java.time pattern that read a zone or an offset. */
import { type Element, FAILED } from './java-elements.js';
import { zoneFacts, zonesByName } from './zone-names.js';
import { fixedZone, regionOf, type Zone } from './zones.js';

/** java.time.ZoneOffset. */
const MAX_OFFSET_MS = 18 * 3_600_000;

/** Shapes of an offset after its sign; what is in lower case in Java's name of them may be absent. Minutes end at 59. */
const SHAPES: Record<string, RegExp> = {
  '+HHmm': /([+-])(\d\d)([0-5]\d)?/y,
  '+HHMM': /([+-])(\d\d)([0-5]\d)/y,
  '+HH:MM': /([+-])(\d\d):([0-5]\d)/y,
  '+HHMMss': /([+-])(\d\d)([0-5]\d)([0-5]\d)?/y,
  '+HH:MM:ss': /([+-])(\d\d):([0-5]\d)(?::([0-5]\d))?/y,
  /** `GMT+8`, `GMT+8:30`; Java takes 99 minutes here. */
  localizedShort: /([+-])(\d{1,2})(?::(\d\d)(?::(\d\d))?)?/y,
  localizedFull: /([+-])(\d\d):(\d\d)(?::(\d\d))?/y,
};

/** Of an offset that is a zone's id: `UTC+1` is none, nor is `UTC+01`. */
const ID_SHAPE = '+HH:MM:ss';

/** An offset, or the text that stands for none. */
export function offsetElement(shape: string, noOffset: string): Element {
  return (text, at, fields) => {
    if (text.startsWith(noOffset, at)) return fields.putOffset(fixedZone(0)) ? at + noOffset.length : FAILED;
    const read = readOffset(shape, text, at);
    return read !== undefined && fields.putOffset(read.zone) ? read.end : FAILED;
  };
}

/** `GMT`, and an offset if there is a sign. */
export function localizedOffsetElement(shape: string): Element {
  return (text, at, fields) => {
    if (!text.startsWith('GMT', at)) return FAILED;
    const end = at + 3;
    if (text[end] !== '+' && text[end] !== '-') return fields.putOffset(fixedZone(0)) ? end : FAILED;
    const read = readOffset(shape, text, end);
    return read !== undefined && fields.putOffset(read.zone) ? read.end : FAILED;
  };
}

function readOffset(shape: string, text: string, at: number): { zone: Zone; end: number } | undefined {
  const pattern = SHAPES[shape];
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [whole, sign, hours, minutes = '0', seconds = '0'] = match;
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  if (ms > MAX_OFFSET_MS) return undefined;
  return { zone: fixedZone(sign === '-' ? -ms : ms), end: at + whole.length };
}

/** How a zone's name is written: `PST`, `Pacific Standard Time`, `PT`, `Pacific Time`. */
export type NameStyle = 'short' | 'long' | 'shortGeneric' | 'longGeneric';

/** A zone's id: an offset, `UTC+01:00`, `Europe/Rome`; or its name, where there is a style. */
export function zoneElement(style?: NameStyle): Element {
  return (text, at, fields) => {
    const read = readOffset(ID_SHAPE, text, at) ?? readPrefixed(text, at) ?? readRegion(text, at, style);
    if (read === undefined) return FAILED;
    fields.zone = read.zone;
    return read.end;
  };
}

function readPrefixed(text: string, at: number): { zone: Zone; end: number } | undefined {
  const prefix = ['UTC', 'GMT', 'UT'].find((each) => text.startsWith(each, at));
  if (prefix === undefined) return undefined;
  const end = at + prefix.length;
  if (prefix === 'GMT' && text[end] === '0') return { zone: fixedZone(0), end: end + 1 };
  return readOffset(ID_SHAPE, text, end) ?? { zone: fixedZone(0), end };
}

/** The longest that there is. */
function readRegion(text: string, at: number, style: NameStyle | undefined): { zone: Zone; end: number } | undefined {
  const pattern = /[A-Za-z][A-Za-z0-9~/._+-]{0,63}/y;
  pattern.lastIndex = at;
  const written = pattern.exec(text)?.[0] ?? '';
  const [name, id] = (style && namesOf(style).find(([each]) => text.startsWith(each, at))) || ['', ''];
  for (let length = written.length; length > Math.max(1, name.length); length--) {
    const zone = regionById(written.slice(0, length), style);
    if (zone !== undefined) return { zone, end: at + length };
  }
  const zone = regionOf(id);
  if (zone !== undefined) return { zone, end: at + name.length };
  return text[at] === 'Z' ? { zone: fixedZone(0), end: at + 1 } : undefined;
}

/** Ids of Joda-Time that Java has not. */
const UNKNOWN_TO_JAVA: ReadonlySet<string> = new Set(['EST', 'GMT+0', 'GMT-0', 'HST', 'MST', 'ROC']);

/** Where names are read, ids of zones without names are not. */
function regionById(id: string, style: NameStyle | undefined): Zone | undefined {
  if (UNKNOWN_TO_JAVA.has(id) || (style !== undefined && zoneFacts(id)?.names === undefined)) return undefined;
  return regionOf(id);
}

const namesByStyle = new Map<NameStyle, [name: string, zone: string][]>();

/** Names of a style and the zone of each, the longest first. */
function namesOf(style: NameStyle): [name: string, zone: string][] {
  let names = namesByStyle.get(style);
  if (names === undefined) {
    const written = [...zonesByName(style.startsWith('long') ? 'long' : 'short'), ...PREFERRED];
    const all = style.endsWith('Generic') ? [...written, ...written.map(genericOf)] : written;
    names = [...new Map(all)].sort(([a], [b]) => b.length - a.length);
    namesByStyle.set(style, names);
  }
  return names;
}

/** Without the word that says summer or winter: `PT`, `Pacific Time`; for Australia in another order. */
function genericOf([name, zone]: [name: string, zone: string]): [name: string, zone: string] {
  const generic = name
    .replace(/^([A-Z]{1,2})ST$/, '$1T')
    .replace(/^Australian (Eastern|Western|Central) Standard Time$/, '$1 Australia Time')
    .replace(' Standard Time', ' Time');
  return [generic, zone];
}

/** Where several zones have a name: the one in which most people live, as Java takes it for almost all of them. */
const PREFERRED = Object.entries({
  'America/New_York': ['EST', 'EDT', 'Eastern Standard Time', 'Eastern Daylight Time'],
  'America/Chicago': ['CST', 'CDT', 'Central Standard Time', 'Central Daylight Time'],
  'America/Denver': ['MST', 'MDT', 'Mountain Standard Time', 'Mountain Daylight Time'],
  'America/Los_Angeles': ['PST', 'PDT', 'Pacific Standard Time', 'Pacific Daylight Time'],
  'America/Halifax': ['AST', 'ADT', 'Atlantic Standard Time', 'Atlantic Daylight Time'],
  'America/Manaus': ['AMT', 'AMST', 'Amazon Standard Time', 'Amazon Summer Time'],
  'America/Mazatlan': ['Mexican Pacific Standard Time', 'Mexican Pacific Daylight Time'],
  'America/Santiago': ['CLT', 'CLST', 'Chile Summer Time'],
  'Pacific/Honolulu': ['HAST', 'HADT', 'Hawaii-Aleutian Standard Time', 'Hawaii-Aleutian Daylight Time'],
  'Pacific/Easter': ['EAST'],
  'Africa/Lagos': ['WAT'],
  'Europe/London': ['GMT', 'BST', 'Greenwich Mean Time', 'British Summer Time'],
  'Europe/Paris': ['CET', 'CEST', 'Central European Standard Time', 'Central European Summer Time'],
  'Europe/Moscow': ['MSK', 'MSD', 'Moscow Standard Time', 'Moscow Summer Time', 'Moscow Daylight Time'],
  'Australia/Sydney': ['AEST', 'AEDT', 'Australian Eastern Standard Time', 'Australian Eastern Daylight Time'],
  'Asia/Dubai': ['GST', 'GDT'],
  'Asia/Kolkata': ['IST', 'IDT', 'India Standard Time'],
  'Asia/Almaty': ['QOST', 'QOSST', 'Kostanay Summer Time'],
  'Asia/Aqtobe': ['AQTT', 'AQTST', 'ORAT', 'ORAST', 'West Kazakhstan Time'],
  'Asia/Vladivostok': ['VLAT', 'VLAST', 'Vladivostok Standard Time', 'Vladivostok Summer Time'],
}).flatMap(([zone, names]) => names.map((name): [name: string, zone: string] => [name, zone]));
