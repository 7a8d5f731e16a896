/**
 * The public live feed of NASCAR's timing and scoring as JSON (`live-feed.json`), and the pit stops beside it
 * (`live-pit-data.json`). Only what is used here; shapes as in recorded feeds of 2023 and 2026, flag codes as two public
 * readers of the feed have them (pynascar's `codes.py`, and the livetiming service's NASCAR plug-in).
 */
import type { Flag } from '../../wire/messages.js';

/** A field has 40 cars; a feed with more than this is broken. */
const VEHICLES_MAX = 128;
/** Stops of a car in a race: a dozen. The feed also lists those of practice, all zero. */
const STOPS_MAX = 128;

export interface LiveFeed {
  /** Differs from run to run: practice, qualifying, race. */
  run: string;
  /** Race time, whole seconds. */
  elapsedMs: number;
  leaderLap: number;
  /** Undefined: the session is not on, or the code is not known. */
  flag: Flag | undefined;
  vehicles: Vehicle[];
}

export interface Vehicle {
  number: string;
  lapsCompleted: number;
  /** Race time of its last crossing of the line. */
  elapsedMs: number;
  lapTimeMs: number | null;
  position: number | null;
  /** It will not go on. */
  isOut: boolean;
  stops: PitVisit[];
}

/** Race times at pit entry and exit; `outMs` is null while it lasts. */
export interface PitVisit {
  inMs: number;
  outMs: number | null;
  /** Laps completed at pit entry. */
  lapsCompleted: number;
}

/** A stop as the officials report it when it is over. */
export interface PitReport {
  number: string;
  lapsCompleted: number;
  inMs: number;
  outMs: number;
  boxTimeMs: number;
  laneTimeMs: number;
  tyresChanged: 0 | 2 | 4;
}

/** 1 green, 2 yellow, 3 red, 4 finish, 5 and 10 white, 8 warm-up laps; 9 is "not active". */
const FLAGS: Record<number, Flag> = {
  1: 'green',
  2: 'yellow',
  3: 'red',
  4: 'checkered',
  5: 'white',
  8: 'none',
  10: 'white',
};
const STATUS_OUT = 3;
const TYRES = ['left_front', 'left_rear', 'right_front', 'right_rear'];

type Json = Record<string, unknown>;

/** Undefined where it is no live feed at all. Vehicles without a number or laps are left out. */
export function parseLiveFeed(json: unknown): LiveFeed | undefined {
  if (!isObject(json) || !Array.isArray(json.vehicles)) return undefined;
  const elapsedMs = msOf(json.elapsed_time);
  const leaderLap = countOf(json.lap_number);
  if (elapsedMs === undefined || leaderLap === undefined) return undefined;
  return {
    run: `${String(json.race_id)} ${String(json.run_id)}`,
    elapsedMs,
    leaderLap,
    flag: typeof json.flag_state === 'number' ? FLAGS[json.flag_state] : undefined,
    vehicles: json.vehicles.slice(0, VEHICLES_MAX).flatMap((each) => parseVehicle(each) ?? []),
  };
}

function parseVehicle(json: unknown): Vehicle | undefined {
  if (!isObject(json)) return undefined;
  const number = textOf(json.vehicle_number);
  const lapsCompleted = countOf(json.laps_completed);
  const elapsedMs = msOf(json.vehicle_elapsed_time);
  if (number === '' || lapsCompleted === undefined || elapsedMs === undefined) return undefined;
  const lapTimeMs = msOf(json.last_lap_time);
  const position = countOf(json.running_position);
  const stops = Array.isArray(json.pit_stops) ? json.pit_stops.slice(-STOPS_MAX) : [];
  return {
    number,
    lapsCompleted,
    elapsedMs,
    lapTimeMs: lapTimeMs ? lapTimeMs : null,
    position: position ? position : null,
    isOut: json.status === STATUS_OUT && json.is_on_track === false,
    stops: stops.flatMap((each) => parseVisit(each) ?? []),
  };
}

/** Stops of practice and the grid stand in the list as zeros. */
function parseVisit(json: unknown): PitVisit | undefined {
  if (!isObject(json)) return undefined;
  const inMs = msOf(json.pit_in_elapsed_time);
  const outMs = msOf(json.pit_out_elapsed_time);
  const lapsCompleted = countOf(json.pit_in_lap_count);
  if (!inMs || lapsCompleted === undefined) return undefined;
  return { inMs, outMs: outMs !== undefined && outMs > inMs ? outMs : null, lapsCompleted };
}

/** The stops that are over: of one that lasts, and of those on the grid, the times are zero or −1. Undefined: no pit data. */
export function parsePitData(json: unknown): PitReport[] | undefined {
  if (!Array.isArray(json)) return undefined;
  return json.slice(0, VEHICLES_MAX * STOPS_MAX).flatMap((each) => parseReport(each) ?? []);
}

function parseReport(json: unknown): PitReport | undefined {
  if (!isObject(json)) return undefined;
  const number = textOf(json.vehicle_number);
  const lapsCompleted = countOf(json.lap_count);
  const [inMs, outMs] = [msOf(json.pit_in_race_time), msOf(json.pit_out_race_time)];
  const [boxTimeMs, laneTimeMs] = [msOf(json.pit_stop_duration), msOf(json.total_duration)];
  if (number === '' || lapsCompleted === undefined || !inMs || !outMs || outMs <= inMs) return undefined;
  if (boxTimeMs === undefined || !laneTimeMs) return undefined;
  const changed = TYRES.filter((place) => json[`${place}_tire_changed`] === true).length;
  // One side, or all: an odd number is a side with a wheel that was not reported.
  const tyresChanged = changed === 0 ? 0 : changed <= 2 ? 2 : 4;
  return { number, lapsCompleted, inMs, outMs, boxTimeMs, laneTimeMs, tyresChanged };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Seconds → ms; undefined where it is no time, −1 ("not yet") included. */
function msOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value < 1e6 ? Math.round(value * 1000) : undefined;
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 1e5 ? value : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim().slice(0, 16) : '';
}
