import type { Flag } from '#wire/messages.js';

/**
 * A lap as `pitwall-laps` has it (pk `<race>#lap#<entry>`), whoever wrote it: the race engine, or the loader for a session
 * that no engine owned. Of two rows of one lap the one with the greater version counts.
 */
export interface LapRow {
  /** Race or run. */
  race: string;
  entry: string;
  lap: number;
  /** Event time of the crossing that ended it. */
  atMs: number;
  lapTimeMs: number | null;
  flag: Flag;
  inLap: boolean;
  outLap: boolean;
  version: number;
  /**
   * Attribute `sectorsMs` (a list), or `sector1Ms`, `sector2Ms`… as the loader writes them; empty where the source has no
   * sectors. They need not add up to the lap.
   */
  sectorsMs: readonly number[];
  /** Burnt on this lap; null where nobody measured it. */
  fuelUsedKg: number | null;
  /** Null where the row does not name one. */
  driver: string | null;
  /** The car's class; null likewise. */
  cls: string | null;
}

/** A stop (pk `<race>#stop#<entry>`). */
export interface StopRow {
  race: string;
  entry: string;
  /** The in-lap. */
  lap: number;
  inMs: number;
  laneTimeMs: number | null;
  boxTimeMs: number | null;
  flag: Flag;
}

/** The kinds of attribute that rows are read from. */
export interface RowAttribute {
  readonly S?: string;
  readonly N?: string;
  readonly BOOL?: boolean;
  readonly L?: readonly RowAttribute[];
  readonly M?: RowItem;
}

/** An item as the table or its stream gives it. */
export type RowItem = Readonly<Record<string, RowAttribute>>;

const FLAGS: ReadonlySet<string> = new Set<Flag>(['none', 'green', 'virtual', 'yellow', 'red', 'white', 'checkered']);

/** Undefined when the item is no lap that can be used. */
export function lapRow(item: RowItem): LapRow | undefined {
  const key = rowKey(item);
  const lap = numberIn(item, 'lap');
  if (key?.type !== 'lap' || lap === null || item.takenBack?.BOOL === true) return undefined;
  return {
    race: key.race,
    entry: key.entry,
    lap,
    atMs: numberIn(item, 'atMs') ?? timeOfSortKey(item),
    lapTimeMs: positiveIn(item, 'lapTimeMs'),
    flag: flagIn(item),
    inLap: item.inLap?.BOOL ?? false,
    outLap: item.outLap?.BOOL ?? false,
    version: numberIn(item, 'version') ?? 0,
    sectorsMs: sectorsIn(item),
    fuelUsedKg: positiveIn(item, 'fuelUsedKg'),
    driver: item.driver?.S ?? null,
    cls: item.cls?.S ?? null,
  };
}

/** Undefined when the item is no stop that can be used. */
export function stopRow(item: RowItem): StopRow | undefined {
  const key = rowKey(item);
  const lap = numberIn(item, 'lap');
  if (key?.type !== 'stop' || lap === null) return undefined;
  return {
    race: key.race,
    entry: key.entry,
    lap,
    inMs: numberIn(item, 'inMs') ?? timeOfSortKey(item),
    laneTimeMs: positiveIn(item, 'laneTimeMs'),
    boxTimeMs: positiveIn(item, 'boxTimeMs'),
    flag: flagIn(item),
  };
}

/** Of several rows of a lap the one that counts; in the order of laps. */
export function newestLaps(rows: Iterable<LapRow>): LapRow[] {
  const byLap = new Map<number, LapRow>();
  for (const row of rows) {
    const known = byLap.get(row.lap);
    if (known === undefined || supersedes(row, known)) byLap.set(row.lap, row);
  }
  return [...byLap.values()].sort((a, b) => a.lap - b.lap);
}

/** Two rows of one lap differ in their event time, so that one of them is always the later. */
export function supersedes(a: Pick<LapRow, 'version' | 'atMs'>, b: Pick<LapRow, 'version' | 'atMs'>): boolean {
  return a.version > b.version || (a.version === b.version && a.atMs > b.atMs);
}

/** `<race>#<type>#<entry>`; a race's name may have `#` in it, type and entry have none. */
export function rowKey(item: RowItem): { race: string; type: string; entry: string } | undefined {
  const found = /^(.+)#([^#]+)#([^#]+)$/.exec(item.pk?.S ?? '');
  return found ? { race: found[1], type: found[2], entry: found[3] } : undefined;
}

export function numberIn(item: RowItem, name: string): number | null {
  const text = item[name]?.N;
  const value = text === undefined ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

export function positiveIn(item: RowItem, name: string): number | null {
  const value = numberIn(item, name);
  return value !== null && value > 0 ? value : null;
}

function flagIn(item: RowItem): Flag {
  const text = item.flag?.S ?? 'none';
  return FLAGS.has(text) ? (text as Flag) : 'none';
}

/** More are no lap of a car. */
const SECTORS_MAX = 20;

/** All of them or none: a lap of which a sector is missing says nothing about the others' sum. */
export function sectorsIn(item: RowItem): readonly number[] {
  const sectors = (item.sectorsMs?.L ?? []).map(({ N }) => Number(N));
  if (sectors.length === 0) {
    for (let n = 1; n <= SECTORS_MAX && `sector${n}Ms` in item; n++) sectors.push(Number(item[`sector${n}Ms`].N));
  }
  return sectors.every((ms) => Number.isFinite(ms) && ms > 0) ? sectors : [];
}

/** Sort keys begin with the event time. */
function timeOfSortKey(item: RowItem): number {
  return Number.parseInt(item.sk?.S ?? '', 10) || 0;
}
