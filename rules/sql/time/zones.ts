/** Time zones by the tz database of ICU (`Intl`), and the zones that are an offset. */
import { dateMs } from './calendar.js';
import { type ZoneNames, zoneFacts } from './zone-names.js';

const MINUTE_MS = 60_000;
/** ECMA-262: beyond it no date is valid. */
export const MAX_TIME_MS = 8.64e15;

export interface Zone {
  /** As Joda-Time and java.time write it: `Europe/Rome`, `UTC`, `+01:00`. */
  id: string;
  /** Milliseconds east of UTC at an instant. */
  offsetMs(epochMs: number): number;
  /** `CET`, `Central European Standard Time`; as an offset where a zone has no name. */
  name(epochMs: number, style: 'short' | 'long'): string;
}

export const UTC: Zone = {
  id: 'UTC',
  offsetMs: () => 0,
  name: (_epochMs, style) => (style === 'short' ? 'UTC' : 'Coordinated Universal Time'),
};

const regions = new Map<string, Zone | undefined>();

/** A zone by its id in the tz database, or by an alias. Undefined when there is none. */
export function regionOf(id: string): Zone | undefined {
  const facts = zoneFacts(id);
  if (facts === undefined) return undefined;
  const known = regions.get(id);
  if (known !== undefined) return known;
  const zone = makeRegion(facts.id, facts.names);
  regions.set(id, zone);
  return zone;
}

function makeRegion(id: string, names: ZoneNames | undefined): Zone | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: id, timeZoneName: 'longOffset', year: 'numeric' });
  } catch {
    // Younger than the tables of this Node.
    return undefined;
  }
  const offsetMs = (epochMs: number) => parseGmtOffset(format.format(epochMs));
  const isSummer = summerOf(id, offsetMs);
  return {
    id,
    offsetMs,
    name: (epochMs, style) => {
      if (names === undefined) return offsetText(offsetMs(epochMs));
      return names[isSummer(epochMs) ? 'summer' : 'standard'][style];
    },
  };
}

/** From `11/21/2026, GMT-06:00`; `GMT` alone is zero; places had seconds before there were zones. */
function parseGmtOffset(text: string): number {
  const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  if (match?.[1] === undefined) return 0;
  const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0);
  return (match[1] === '-' ? -1000 : 1000) * seconds;
}

/** Whether a zone has its summer time: by what ICU calls the instant, and where it has no word for it, by the year's offsets. */
function summerOf(timeZone: string, offsetMs: Zone['offsetMs']): (epochMs: number) => boolean {
  let format: Intl.DateTimeFormat | undefined;
  return (epochMs) => {
    format ??= new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'long', year: 'numeric' });
    const name = format.formatToParts(epochMs).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
    if (/Summer|Daylight|Irish/.test(name)) return true;
    if (!/^GMT[+-]/.test(name)) return false;
    const year = new Date(epochMs).getUTCFullYear();
    const offsets = [dateMs(year, 1, 1), dateMs(year, 7, 1)].map((ms) => offsetMs(clamped(ms)));
    return offsetMs(epochMs) > Math.min(...offsets);
  };
}

/** A zone that is an offset. */
export function fixedZone(offsetMs: number): Zone {
  if (offsetMs === 0) return UTC;
  const id = offsetText(offsetMs);
  return { id, offsetMs: () => offsetMs, name: () => id };
}

/** `+01:00`, `-05:50:36`, `+01:02:03.004`. */
export function offsetText(offsetMs: number): string {
  const seconds = Math.abs(offsetMs) / 1000;
  const parts = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) => twoDigits(Math.floor(part)));
  const millis = Math.abs(offsetMs) % 1000;
  if (millis > 0) parts[2] += `.${String(millis).padStart(3, '0')}`;
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
