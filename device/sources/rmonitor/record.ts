/**
 * Records of the RMonitor protocol ("Result Monitor"), as MYLAPS Orbits sends them on its scoreboard port: lines of text in
 * Windows-1252, fields parted by commas, text in quotes.
 *
 *     $A,"reg","number",transponder,"first","last","nation",class    a competitor
 *     $COMP,"reg","number",class,"first","last","nation","more"      the same competitor, without the transponder
 *     $B,run,"description"                                           the run (session)
 *     $C,class,"description"   $E,"setting","value"                  not needed here
 *     $F,lapsToGo,"time to go","time of day","race time","Green "    every second
 *     $G,position,"reg",laps,"total time"                            race order; no laps yet = empty
 *     $H,position,"reg",best lap,"best time"                         order of practice; not needed here
 *     $I,"time","date"                                               begin anew
 *     $J,"reg","lap time","total time"                               a passing of the finish line
 *     $L,"number","line","line name","date","time"                   IMSA's addition: a passing of any line
 *
 * Times are `hh:mm:ss` or `hh:mm:ss.fff`; "00:59:59.999" stands for none. Field lists: MYLAPS' "RMonitor Timing Protocol"
 * and IMSA's "Enhanced RMon Timing Protocol v1.03" (both in github.com/bradfier/rmonitor, docs), and the appendix of the
 * Daktronics All Sport 5100 manual; flags and empty laps as in that repository's recorded sessions.
 */

import { splitCells } from '../../wire/csv/dialect.js';
import type { Flag } from '../../wire/messages.js';

export type RmonitorRecord =
  | { type: 'competitor'; registration: string; number: string; transponder: string | undefined }
  | { type: 'run'; id: string; description: string }
  | { type: 'heartbeat'; raceTimeMs: number | undefined; flag: Flag | undefined }
  | { type: 'position'; registration: string; position: number; laps: number; totalMs: number | undefined }
  | { type: 'passing'; registration: string; lapTimeMs: number | undefined; totalMs: number }
  | { type: 'line'; number: string; line: string; lineName: string }
  | { type: 'init' };

/** `garbage`: no record. `malformed`: a field cannot be what it says. `other`: of a type that is not needed here. */
export type Rejection = 'garbage' | 'malformed' | 'other';

const FLAGS: Record<string, Flag> = {
  '': 'none',
  green: 'green',
  yellow: 'yellow',
  red: 'red',
  white: 'white',
  finish: 'checkered',
};
const NO_TIME_MS = 3_599_999;
const NO_TIME_HEARTBEAT_MS = 3_599_000;

/**
 * One line → its record.
 *
 * @example
 * parseRecord('$J,"1234BE","00:02:03.826","01:42:17.672"');
 * // { type: 'passing', registration: '1234BE', lapTimeMs: 123826, totalMs: 6137672 }
 */
export function parseRecord(line: string): RmonitorRecord | Rejection {
  if (!line.startsWith('$')) return 'garbage';
  const fields = splitCells(line, ',');
  switch (fields[0]) {
    case '$A':
      return fields.length < 4 ? 'malformed' : competitor(fields, fields[3]);
    case '$COMP':
      return fields.length < 3 ? 'malformed' : competitor(fields, undefined);
    case '$B':
      return fields.length < 3 ? 'malformed' : { type: 'run', id: fields[1], description: fields[2] };
    case '$F':
      return fields.length < 6 ? 'malformed' : heartbeat(fields);
    case '$G':
      return position(fields);
    case '$J':
      return passing(fields);
    case '$L':
      return fields.length < 4 || fields[1] === ''
        ? 'malformed'
        : { type: 'line', number: fields[1], line: fields[2], lineName: fields[3] };
    case '$I':
      return { type: 'init' };
    default:
      return /^\$[A-Z]{1,5}$/.test(fields[0]) ? 'other' : 'garbage';
  }
}

function competitor(fields: readonly string[], transponder: string | undefined): RmonitorRecord | Rejection {
  const [, registration, number] = fields;
  if (registration === '' || number === '') return 'malformed';
  return { type: 'competitor', registration, number, transponder };
}

function heartbeat(fields: readonly string[]): RmonitorRecord {
  const raceTimeMs = parseTime(fields[4]);
  return {
    type: 'heartbeat',
    raceTimeMs: raceTimeMs === NO_TIME_HEARTBEAT_MS ? undefined : raceTimeMs,
    flag: FLAGS[fields[5].trim().toLowerCase()],
  };
}

function position([, place, registration, laps, total]: readonly string[]): RmonitorRecord | Rejection {
  const position = parseCount(place);
  const lapsDone = laps === '' ? 0 : parseCount(laps);
  const totalMs = parseTime(total);
  if (position === undefined || lapsDone === undefined || !registration) return 'malformed';
  return {
    type: 'position',
    registration,
    position,
    laps: lapsDone,
    totalMs: totalMs === NO_TIME_MS ? undefined : totalMs,
  };
}

function passing([, registration, lapTime, total]: readonly string[]): RmonitorRecord | Rejection {
  const lapTimeMs = parseTime(lapTime);
  const totalMs = parseTime(total);
  if (!registration || lapTimeMs === undefined || totalMs === undefined || totalMs === NO_TIME_MS) return 'malformed';
  // The first passing completes no lap: its time is zero.
  return { type: 'passing', registration, lapTimeMs: lapTimeMs > 0 ? lapTimeMs : undefined, totalMs };
}

function parseCount(field: string | undefined): number | undefined {
  return field !== undefined && /^\d{1,6}$/.test(field) ? Number(field) : undefined;
}

function parseTime(field: string | undefined): number | undefined {
  const match = /^(\d{1,3}):([0-5]\d):([0-5]\d)(?:\.(\d{1,3}))?$/.exec(field ?? '');
  if (!match) return undefined;
  const [, hours, minutes, seconds, fraction = '0'] = match;
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000 + Number(fraction.padEnd(3, '0'));
}
