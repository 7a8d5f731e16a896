/**
 * NMEA 0183 sentences, the ones that a racing receiver sends.
 *
 *     $ttRMC,hhmmss.ss,A|V,ddmm.mm,N|S,dddmm.mm,E|W,knots,course,ddmmyy,variation,E|W[,mode[,status]]*hh
 *     $ttGGA,hhmmss.ss,ddmm.mm,N|S,dddmm.mm,E|W,quality,satellites,hdop,altitude,M,separation,M,age,station*hh
 *     $ttVTG,course,T,magnetic,M,knots,N,km/h,K[,mode]*hh
 *
 * `tt` is the talker: GP (GPS), GN (several systems), GL, GA, GB and others, all taken alike. `hh` is the exclusive-or of the
 * characters between `$` and `*`, as two hexadecimal digits. Field lists: "NMEA Revealed" (gpsd.gitlab.io/gpsd/NMEA.html).
 */

/** Position of a fix in degrees, north and east positive. */
export interface Position {
  latitudeDeg: number;
  longitudeDeg: number;
}

export interface Rmc extends Position {
  type: 'RMC';
  /** Milliseconds since midnight UTC. */
  timeOfDayMs: number;
  /** Midnight UTC of its date, epoch ms; NaN where the receiver does not know it yet. */
  dateMs: number;
  /** False: the receiver warns that the rest is not to be used. */
  valid: boolean;
  speedKmh: number;
  courseDeg: number;
}

export interface Gga extends Position {
  type: 'GGA';
  timeOfDayMs: number;
  /** 0 no fix, 1 GPS, 2 differential, 4 RTK, 5 float RTK, 6 dead reckoning. */
  quality: number;
  satellites: number;
  hdop: number;
  /** Above mean sea level, m. */
  altitudeM: number;
}

export interface Vtg {
  type: 'VTG';
  speedKmh: number;
  courseDeg: number;
}

export type Sentence = Rmc | Gga | Vtg;

/** Why a line is no sentence that is used here. `other`: well formed, of a type that says nothing to a car. */
export type Rejection = 'garbage' | 'checksum' | 'malformed' | 'other';

const KMH_PER_KNOT = 1.852;
const DAY_MS = 86_400_000;
/** Two-digit years from here on are of the last century; no receiver is older than the system. */
const CENTURY_PIVOT = 80;

/**
 * One line → what it says. Absent fields are NaN. Starts at the last `$`, because a sentence that was cut off is followed
 * by the next one on the same line.
 *
 * @example
 * parseSentence('$GPVTG,84.4,T,,M,22.4,N,41.5,K*4B'); // { type: 'VTG', speedKmh: 41.5, courseDeg: 84.4 }
 */
export function parseSentence(line: string): Sentence | Rejection {
  const start = line.lastIndexOf('$');
  const star = line.indexOf('*', start);
  if (start < 0) return 'garbage';
  if (star < 0 || !/^[0-9A-Fa-f]{2}\s*$/.test(line.slice(star + 1))) return 'garbage';
  const body = line.slice(start + 1, star);
  if (checksumOf(body) !== Number.parseInt(line.slice(star + 1), 16)) return 'checksum';
  const fields = body.split(',');
  // Two characters of talker, three of type; proprietary sentences begin with P and follow no rule.
  const address = fields[0];
  if (address.length !== 5 || address.startsWith('P')) return 'other';
  switch (address.slice(2)) {
    case 'RMC':
      return parseRmc(fields) ?? 'malformed';
    case 'GGA':
      return parseGga(fields) ?? 'malformed';
    case 'VTG':
      return parseVtg(fields) ?? 'malformed';
    default:
      return 'other';
  }
}

export function checksumOf(body: string): number {
  let sum = 0;
  for (let i = 0; i < body.length; i++) sum ^= body.charCodeAt(i);
  return sum;
}

function parseRmc(fields: string[]): Rmc | undefined {
  const timeOfDayMs = parseTime(fields[1]);
  const position = parsePosition(fields.slice(3, 7));
  if (timeOfDayMs === undefined || !position || fields.length < 10) return undefined;
  return {
    type: 'RMC',
    timeOfDayMs,
    dateMs: parseDate(fields[9]),
    // Mode N (NMEA 2.3 and later) says "not valid" even where the status still says A.
    valid: fields[2] === 'A' && fields[12] !== 'N',
    ...position,
    speedKmh: parseNumber(fields[7]) * KMH_PER_KNOT,
    courseDeg: parseNumber(fields[8]),
  };
}

function parseGga(fields: string[]): Gga | undefined {
  const timeOfDayMs = parseTime(fields[1]);
  const position = parsePosition(fields.slice(2, 6));
  if (timeOfDayMs === undefined || !position || fields.length < 11) return undefined;
  return {
    type: 'GGA',
    timeOfDayMs,
    ...position,
    quality: parseNumber(fields[6]),
    satellites: parseNumber(fields[7]),
    hdop: parseNumber(fields[8]),
    altitudeM: parseNumber(fields[9]),
  };
}

function parseVtg(fields: string[]): Vtg | undefined {
  if (fields.length < 9) return undefined;
  const isValid = fields[9] !== 'N';
  const kmh = parseNumber(fields[7]);
  return {
    type: 'VTG',
    speedKmh: isValid ? (Number.isNaN(kmh) ? parseNumber(fields[5]) * KMH_PER_KNOT : kmh) : Number.NaN,
    courseDeg: isValid ? parseNumber(fields[1]) : Number.NaN,
  };
}

/** Undefined where it is no time of day at all. 60 is a leap second. */
function parseTime(field: string | undefined): number | undefined {
  const match = /^(\d\d)(\d\d)(\d\d(?:\.\d{1,9})?)$/.exec(field ?? '');
  if (!match) return undefined;
  const [hours, minutes, seconds] = match.slice(1).map(Number);
  if (hours > 23 || minutes > 59 || seconds >= 61) return undefined;
  return Math.min(DAY_MS - 1, Math.round((hours * 3600 + minutes * 60 + seconds) * 1000));
}

function parseDate(field: string): number {
  const match = /^(\d\d)(\d\d)(\d\d)$/.exec(field);
  if (!match) return Number.NaN;
  const [day, month, year] = match.slice(1).map(Number);
  const ms = Date.UTC(year >= CENTURY_PIVOT ? 1900 + year : 2000 + year, month - 1, day);
  const back = new Date(ms);
  return back.getUTCDate() === day && back.getUTCMonth() === month - 1 ? ms : Number.NaN;
}

/** NaN where there is none; undefined where it is there and cannot be one. */
function parsePosition([lat, ns, lon, ew]: string[]): Position | undefined {
  if (!lat && !lon) return { latitudeDeg: Number.NaN, longitudeDeg: Number.NaN };
  const latitudeDeg = parseAngle(lat, 90) * signOf(ns, 'N', 'S');
  const longitudeDeg = parseAngle(lon, 180) * signOf(ew, 'E', 'W');
  return Number.isNaN(latitudeDeg + longitudeDeg) ? undefined : { latitudeDeg, longitudeDeg };
}

function parseAngle(field: string | undefined, maxDeg: number): number {
  const match = /^(\d{1,3})(\d\d(?:\.\d*)?)$/.exec(field ?? '');
  if (!match) return Number.NaN;
  const minutes = Number(match[2]);
  const deg = Number(match[1]) + minutes / 60;
  return minutes < 60 && deg <= maxDeg ? deg : Number.NaN;
}

function signOf(field: string, plus: string, minus: string): number {
  if (field === plus) return 1;
  return field === minus ? -1 : Number.NaN;
}

function parseNumber(field: string | undefined): number {
  return field && /^-?\d+(?:\.\d*)?$/.test(field) ? Number(field) : Number.NaN;
}
