/** Time zones by the tz database of ICU (`Intl`), and the zones that are an offset. */

const MINUTE_MS = 60_000;
/** ECMA-262: beyond it no date is valid. */
export const MAX_TIME_MS = 8.64e15;

export interface Zone {
  /** As Joda-Time and java.time write it: `Europe/Rome`, `UTC`, `+01:00`. */
  id: string;
  /** Milliseconds east of UTC at an instant. */
  offsetMs(epochMs: number): number;
  /** `CET`, `Central European Standard Time`; an offset where a zone has no name. */
  name(epochMs: number, style: 'short' | 'long'): string;
}

export const UTC: Zone = {
  id: 'UTC',
  offsetMs: () => 0,
  name: (_epochMs, style) => (style === 'short' ? 'UTC' : 'Coordinated Universal Time'),
};

const named = new Map<string, Zone | undefined>();
/** More ids than the tz database has: whoever makes them up may not fill the memory. */
const MOST_KEPT = 1_000;

/** A zone by its id in the tz database. Undefined when there is none. */
export function regionOf(id: string): Zone | undefined {
  if (named.has(id)) return named.get(id);
  if (named.size >= MOST_KEPT) named.clear();
  const zone = /^[A-Za-z][\w+/-]*$/.test(id) ? makeRegion(id) : undefined;
  named.set(id, zone);
  return zone;
}

function makeRegion(id: string): Zone | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: id, timeZoneName: 'longOffset', year: 'numeric' });
  } catch {
    return undefined;
  }
  if (/^(?:Etc\/)?(?:UTC|UCT|Zulu|Universal)$|^Etc\/UTC$/i.test(id)) return { ...UTC, id };
  const offsetMs = (epochMs: number) => parseGmtOffset(format.format(epochMs));
  return {
    id,
    offsetMs,
    name: (epochMs, style) => nameOf(id, epochMs, style) ?? offsetText(offsetMs(epochMs)),
  };
}

/** From `11/21/2026, GMT-06:00`; `GMT` alone is zero; places had seconds before there were zones. */
function parseGmtOffset(text: string): number {
  const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  if (match?.[1] === undefined) return 0;
  const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0);
  return (match[1] === '-' ? -1000 : 1000) * seconds;
}

/** English speakers name the zones that they live in: each of these knows some abbreviations. */
const LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-CA', 'en-NZ', 'en-IN', 'en-ZA'];

/** Where no English locale has one, those that Java prints. */
const ABBREVIATIONS: Record<string, string> = {
  'Japan Standard Time': 'JST',
  'Korean Standard Time': 'KST',
  'China Standard Time': 'CST',
  'Hong Kong Standard Time': 'HKT',
  'Singapore Standard Time': 'SGT',
  'Gulf Standard Time': 'GST',
  'Arabian Standard Time': 'AST',
  'Moscow Standard Time': 'MSK',
  'Brasilia Standard Time': 'BRT',
  'Argentina Standard Time': 'ART',
  'Azerbaijan Standard Time': 'AZT',
  'Indochina Time': 'ICT',
  'Malaysia Time': 'MYT',
};

function nameOf(id: string, epochMs: number, style: 'short' | 'long'): string | undefined {
  const long = zoneName('en-US', id, epochMs, 'long');
  if (style === 'long') return isOffset(long) ? undefined : long;
  for (const locale of LOCALES) {
    const name = zoneName(locale, id, epochMs, 'short');
    if (!isOffset(name)) return name;
  }
  return ABBREVIATIONS[long];
}

function isOffset(name: string): boolean {
  return /^GMT[+-]/.test(name);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function zoneName(locale: string, timeZone: string, epochMs: number, timeZoneName: 'short' | 'long'): string {
  const key = `${locale} ${timeZone} ${timeZoneName}`;
  let format = formats.get(key);
  if (format === undefined) {
    if (formats.size >= MOST_KEPT) formats.clear();
    format = new Intl.DateTimeFormat(locale, { timeZone, timeZoneName, year: 'numeric' });
    formats.set(key, format);
  }
  return format.formatToParts(epochMs).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
}

/** A zone that is an offset. */
export function fixedZone(offsetMs: number): Zone {
  if (offsetMs === 0) return UTC;
  const id = offsetText(offsetMs);
  return { id, offsetMs: () => offsetMs, name: () => id };
}

/** `+01:00`, `-05:50:36`. */
export function offsetText(offsetMs: number): string {
  const seconds = Math.abs(offsetMs) / 1000;
  const parts = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) => twoDigits(Math.floor(part)));
  return (offsetMs < 0 ? '-' : '+') + (parts[2] === '00' ? parts.slice(0, 2) : parts).join(':');
}

export function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/**
 * The instant at which clocks in a zone show a local time, given as if it were UTC. As java.time: of two such instants the
 * earlier, and a time that clocks skip is moved on by what they skip.
 */
export function instantOf(localMs: number, zone: Zone): number {
  // No zone is a day off: what holds a day before and after are the only offsets that can hold now.
  const before = zone.offsetMs(clamped(localMs - 24 * 60 * MINUTE_MS));
  const after = zone.offsetMs(clamped(localMs + 24 * 60 * MINUTE_MS));
  for (const offsetMs of [before, after]) {
    const epochMs = localMs - offsetMs;
    if (Math.abs(epochMs) <= MAX_TIME_MS && zone.offsetMs(epochMs) === offsetMs) return epochMs;
  }
  return localMs - before;
}

function clamped(epochMs: number): number {
  return Math.min(MAX_TIME_MS, Math.max(-MAX_TIME_MS, epochMs));
}
