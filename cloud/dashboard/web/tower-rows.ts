import type { CarRow, RaceView } from '../view.js';
import { ABSENT, age, band, gap, lapsDown, lapTime } from './format.js';
import { pitWindowCell, type WindowState } from './pit-window.js';

/** Telemetry older than this is marked: a car tells of itself once a second. */
const STALE_TELEMETRY_MS = 3_000;
/** Few enough laps in the tank for a mark: one to come in, one to be wrong. */
const LOW_FUEL_LAPS = 2;

export interface StateCell {
  kind: 'alarm' | 'pit' | 'out' | 'link' | 'stale' | 'fine' | 'done' | 'none';
  text: string;
  /** The whole of it, for the tooltip. */
  title: string;
}

/** One line of the tower: text for every cell, so that drawing compares strings and writes only those that changed. */
export interface TowerRow {
  entry: string;
  own: boolean;
  off: boolean;
  position: string;
  number: string;
  driver: string;
  team: string;
  gap: string;
  interval: string;
  lastLap: string;
  /** The last lap was the best of all, or this car's best, or is the car's own word. */
  lastLapMark: 'overall' | 'personal' | 'car' | '';
  bestLap: string;
  bestIsOverall: boolean;
  lapsSinceStop: string;
  tyreAge: string;
  stops: string;
  fuel: string;
  /** Shares 0 … 100 of the fullest tank in the field, for the bar. */
  fuelLow: number;
  fuelHigh: number;
  fuelIsLow: boolean;
  window: string;
  windowState: WindowState;
  rejoin: string;
  state: StateCell;
}

/** The rows in running order. */
export function towerRows(view: RaceView): TowerRow[] {
  const rows = Object.values(view.rows).sort((left, right) => left.order - right.order);
  const bests = rows.map((row) => row.bestLapMs ?? Number.POSITIVE_INFINITY);
  const overallBestMs = Math.min(...bests);
  const fullestLaps = Math.max(1, ...rows.map((row) => row.fuelLapsLeft?.high ?? 0));
  return rows.map((row) => towerRow(row, overallBestMs, fullestLaps, view.speed));
}

function towerRow(row: CarRow, overallBestMs: number, fullestLaps: number, speed: number): TowerRow {
  const window = pitWindowCell(row);
  const fuel = row.fuelLapsLeft;
  const isListed = row.status !== 'unlisted';
  const share = (laps: number) => Math.round((100 * Math.max(0, laps)) / fullestLaps);
  return {
    entry: row.entry,
    own: row.own,
    off: row.status === 'retired',
    position: isListed ? String(row.order) : '',
    number: row.number,
    driver: row.classPosition === undefined ? row.driver : `${row.driver} · ${row.cls} ${row.classPosition}`,
    team: row.team,
    gap: gapCell(row),
    interval: row.order === 1 || row.status === 'retired' ? '' : gap(row.intervalMs),
    lastLap: lapTime(row.lastLapMs),
    lastLapMark: markOf(row, overallBestMs),
    bestLap: lapTime(row.bestLapMs),
    bestIsOverall: row.bestLapMs !== undefined && row.bestLapMs === overallBestMs,
    lapsSinceStop: isListed ? String(row.lapsSinceStop) : '',
    tyreAge: isListed ? String(row.tyreAge) : '',
    stops: isListed ? String(row.stops) : '',
    fuel: band(fuel),
    fuelLow: fuel ? share(fuel.low) : 0,
    fuelHigh: fuel ? share(fuel.high) : 0,
    fuelIsLow: fuel !== undefined && fuel.low < LOW_FUEL_LAPS && row.status === 'running',
    window: window.text,
    windowState: window.state,
    rejoin: row.rejoin ? `P${row.rejoin.position}` : ABSENT,
    state: stateCell(row, speed),
  };
}

function gapCell(row: CarRow): string {
  if (row.status === 'retired') return 'OUT';
  if (row.status === 'unlisted') return '';
  if (row.order === 1) return 'LEADER';
  return row.lapsDown ? lapsDown(row.lapsDown) : gap(row.gapMs);
}

function markOf(row: CarRow, overallBestMs: number): TowerRow['lastLapMark'] {
  if (row.lapsBy === 'car') return 'car';
  if (row.lastLapMs === undefined || row.lastLapMs !== row.bestLapMs) return '';
  return row.lastLapMs === overallBestMs ? 'overall' : 'personal';
}

/**
 * Whether the car's newest telemetry is too old to be trusted. Its age is race time, but its way here takes wall time: at
 * ten times real speed a record that was half a second under way is five seconds old.
 */
export function isTelemetryStale(row: CarRow, speed: number): boolean {
  return (row.telemetryAgeMs ?? 0) > STALE_TELEMETRY_MS * Math.max(1, speed);
}

/** The one thing about this car that a person should know first. */
export function stateCell(row: CarRow, speed: number): StateCell {
  const { status, telemetryAgeMs } = row;
  if (row.alarm) return { kind: 'alarm', text: `! ${row.alarm}`, title: `Alarm: ${row.alarm}` };
  if (status === 'retired') return { kind: 'out', text: 'OUT', title: 'Retired' };
  if (status === 'pit') return { kind: 'pit', text: 'PIT', title: 'In the pit lane' };
  if (status === 'finished') return { kind: 'done', text: 'FINISHED', title: 'Took the checkered flag' };
  if (row.link === 'down')
    return { kind: 'link', text: '✕ no link', title: 'The car’s uplink is down; it keeps its data and sends it later' };
  if (row.link === 'silent')
    return {
      kind: 'link',
      text: `✕ silent ${age(row.silentMs)}`,
      title: `Not heard for ${age(row.silentMs)} (race time): its link is gone, or its agent; what it has journaled comes later`,
    };
  if (row.damage) return { kind: 'alarm', text: `! ${row.damage}`, title: `Damage, as a person says: ${row.damage}` };
  if (row.penalty) return penaltyCell(row.penalty, row.classified);
  if (status === 'unlisted')
    return { kind: 'none', text: 'not listed', title: `${row.thing} sends, but is in nobody's roster` };
  if (telemetryAgeMs === undefined) {
    if (row.thing === undefined)
      return lapsBackCell(row) ?? { kind: 'none', text: 'timing', title: 'Carries none of our agents: timing only' };
    return { kind: 'none', text: 'no data', title: `${row.thing} has sent nothing yet` };
  }
  if (isTelemetryStale(row, speed)) {
    const seconds = Math.round(telemetryAgeMs / 1_000);
    return { kind: 'stale', text: `◷ ${seconds} s old`, title: `Newest telemetry is ${seconds} s old (race time)` };
  }
  const lapsBack = lapsBackCell(row);
  if (lapsBack) return lapsBack;
  if (status === 'grid') return { kind: 'none', text: 'grid', title: 'On the grid' };
  return { kind: 'fine', text: '●', title: 'Running, telemetry fresh' };
}

function penaltyCell(
  { seconds, driveThroughs }: NonNullable<CarRow['penalty']>,
  classified: number | undefined,
): StateCell {
  const owed = [seconds > 0 ? `+${seconds} s` : '', driveThroughs > 0 ? `${driveThroughs} drive-through` : ''];
  const text = owed.filter((part) => part !== '').join(', ');
  const place = classified === undefined ? '' : `; P${classified} with all penalties`;
  return { kind: 'alarm', text, title: `Penalty not served, as a person says: ${text}${place}` };
}

function lapsBackCell({ freePass, waveAround, freePassGiven }: CarRow): StateCell | undefined {
  const kind = 'fine';
  if (freePassGiven) return { kind, text: 'lap back', title: 'Got the free pass of this caution' };
  if (freePass)
    return { kind, text: 'free pass', title: 'First car a lap down: it would get the lap back, as it stands' };
  if (waveAround) return { kind, text: 'wave', title: 'Lapped, and has not stopped in this caution: may wave around' };
  return undefined;
}
