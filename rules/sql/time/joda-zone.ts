import { fixedZone, regionOf, UTC, type Zone } from './zones.js';

/** Joda-Time takes offsets of less than a day. */
const MAX_HOURS = 23;

/** DateTimeZone.forID: `UTC`, an id of the tz database, or an offset such as `+01`, `-0530`, `+05:30`. */
export function jodaZone(id: string): Zone | undefined {
  if (id === 'UTC' || id === 'Z') return UTC;
  const match = /^(?:UTC|GMT|UT)?([+-])(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,]?(\d{3}))?)?)?$/.exec(id);
  if (match === null) return regionOf(id);
  const [, sign, hours, minutes = '0', seconds = '0', millis = '0'] = match;
  if (Number(hours) > MAX_HOURS || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(millis);
  return fixedZone(sign === '-' ? -ms : ms);
}
