import { type Dialect, inferDialect, parseNumber, splitCells } from '#wire/csv/dialect.js';
import { readHeader, type Title } from '#wire/csv/header.js';
import { inferTimeForm, type TimeForm } from '#wire/csv/time.js';
import { PitwallError } from '#wire/errors.js';
import { isMsTitle, isNothing, parseDurationMs } from './cells.js';
import { isClock, isRole, ROLES, type Role, rolesOf } from './columns.js';

/** `laps`: a row for each lap. `long`: a row for each sample. `wide`: a row for each moment, a column for each channel. */
export type TableKind = 'laps' | 'long' | 'wide';

export interface SchemaOptions {
  kind?: TableKind;
  delimiter?: string;
  decimal?: '.' | ',';
  /** Column (title, with or without its unit) → role, or the name of the channel that it becomes. */
  map?: Readonly<Record<string, string>>;
  /** Whose rows they are, where no column says it. */
  thing?: string;
  /** What times count from that are not of the calendar, epoch ms. */
  startMs?: number;
}

/** A column as it will be read. */
export interface Column {
  /** As it stands in the header. */
  title: string;
  /** A role, or `channel` (in a table of laps an attribute). */
  role: Role | 'channel';
  /** Of a channel. */
  name: string;
  unit: string;
  /** A number in it counts so many ms; of durations. */
  unitMs: number;
}

/** How a file will be read. Plain data: it goes into the checkpoint, and a load that goes on must have the same. */
export interface Schema {
  kind: TableKind;
  dialect: Dialect;
  /** Records before the first row of values. */
  headRecords: number;
  columns: Column[];
  timeForm: TimeForm | null;
  /** What the time of a lap comes from: its own column, the race time, or the sum of the lap times before it. */
  lapClock: 'time' | 'elapsed' | 'sum' | null;
  thing: string | null;
  startMs: number;
}

/** Numbers below it are no times of the calendar: 2001-09-09. */
export const CALENDAR_MIN_MS = 1e12;
/** So are numbers from here on: 2286-11-20. Between the two all times have thirteen digits, so their texts sort as they do. */
export const CALENDAR_MAX_MS = 1e13;

/**
 * What the first records of a file say, and what the options say instead. Raises PW-LOAD-FORMAT, PW-LOAD-COLUMN.
 *
 * @example
 * inferSchema(['meta_time,telemetry_name,telemetry_value', '2025-09-06T18:40:01.653Z,rpm,6551'], { thing: 'car-88' }).kind; // 'long'
 */
export function inferSchema(records: readonly string[], options: SchemaOptions): Schema {
  const dialect = inferDialect(records, options);
  if (!dialect)
    throw unreadable(records, 'no delimiter (comma, semicolon, tab, bar) parts its first lines into columns');
  const header = readHeader(records, dialect);
  if (!header || header.titles.length < 2) {
    throw unreadable(records, `with the delimiter ${JSON.stringify(dialect.delimiter)} it has one column only`);
  }
  const { titles, headLines, rows } = header;
  if (titles.some(({ title }) => title !== '' && !Number.isNaN(parseNumber(title, dialect.decimal)))) {
    throw unreadable(records, 'it has numbers where its header should be');
  }
  if (rows.length === 0) throw unreadable(records, 'it has a header and no rows');
  const cellsOf = (column: number) => rows.map((cells) => cells[column]).filter((cell) => !isNothing(cell));

  const roles = rolesOf(titles.map(({ name }) => name));
  const named = applyMap(titles, roles, options.map ?? {});
  const lapTime = roles.get('lapTime');
  if (lapTime !== undefined && !isMost(cellsOf(lapTime), (cell) => parseDurationMs(cell, dialect.decimal, 1) >= 0)) {
    // A column of that name which holds something else, e.g. dates.
    roles.delete('lapTime');
    named.set(lapTime, '');
  }
  const kind = options.kind ?? kindOf(roles, lapTime !== undefined);
  settleOwner(roles, named, kind);
  const columns = titles.map((title, at) =>
    columnOf(title, roleAt(roles, at), named.get(at), kind, () =>
      isMost(cellsOf(at), (cell) => !Number.isNaN(parseNumber(cell, dialect.decimal))),
    ),
  );
  const schema: Schema = {
    kind,
    dialect,
    headRecords: headLines,
    columns,
    timeForm: null,
    lapClock: null,
    thing: options.thing ?? null,
    startMs: options.startMs ?? 0,
  };
  const time = columns.findIndex(({ role }) => role === 'time');
  if (time >= 0) {
    const cell = cellsOf(time)[0] ?? '';
    const form = inferTimeForm(cell, titles[time].unit, titles[time].name, dialect.decimal);
    if (!form) throw lacking(schema, `"${cell}" in the column ${titles[time].title} is no time`);
    schema.timeForm = form;
  }
  checkColumns(schema);
  return schema;
}

/** Whether times of the table count from `startMs`, which somebody must then give. */
export function needsStart({ kind, timeForm, lapClock }: Schema, firstTime: string): boolean {
  if (kind === 'laps' && lapClock !== 'time') return true;
  if (timeForm === 'iso') return false;
  if (timeForm === 'clock' || timeForm === null) return true;
  const ms = Number(firstTime.replace(',', '.')) * (timeForm === 's' ? 1000 : timeForm === 'us' ? 0.001 : 1);
  return ms < CALENDAR_MIN_MS;
}

/** First cell of the time column, '' where there is none. */
export function firstTimeOf(schema: Schema, records: readonly string[]): string {
  const at = schema.columns.findIndex(({ role }) => role === 'time');
  for (const record of records.slice(schema.headRecords)) {
    const cell = splitCells(record, schema.dialect.delimiter)[at] ?? '';
    if (!isNothing(cell)) return cell;
  }
  return '';
}

/** A column is what at least half of its cells are: a bad cell makes a bad row, not another column. True of an empty one. */
function isMost(cells: readonly string[], is: (cell: string) => boolean): boolean {
  return cells.filter(is).length * 2 >= cells.length;
}

/** Puts what was mapped in place of what was guessed; returns the names of mapped channels by column. */
function applyMap(
  titles: Title[],
  roles: Map<Role, number>,
  map: Readonly<Record<string, string>>,
): Map<number, string> {
  const named = new Map<number, string>();
  for (const [column, meaning] of Object.entries(map)) {
    const at = titles.findIndex(({ title, name }) => title === column || name === column);
    if (at < 0) {
      throw new PitwallError('PW-LOAD-COLUMN', {
        what: `There is no column "${column}" to be mapped. Columns: ${titles.map(({ title }) => title).join(', ')}.`,
      });
    }
    for (const [role, taken] of roles) if (taken === at) roles.delete(role);
    if (meaning === 'ignore') named.set(at, '');
    else if (isRole(meaning)) roles.set(meaning, at);
    else named.set(at, meaning);
  }
  return named;
}

function kindOf(roles: Map<Role, number>, hasLapTime: boolean): TableKind {
  if (roles.has('name') && roles.has('value')) return 'long';
  return roles.has('lap') && hasLapTime ? 'laps' : 'wide';
}

/** Laps are of an entry, telemetry of a thing; a table that names only the other means that. */
function settleOwner(roles: Map<Role, number>, named: Map<number, string>, kind: TableKind): void {
  const [wanted, other]: [Role, Role] = kind === 'laps' ? ['entry', 'thing'] : ['thing', 'entry'];
  const at = roles.get(other);
  if (at === undefined) return;
  roles.delete(other);
  if (roles.has(wanted)) named.set(at, '');
  else roles.set(wanted, at);
}

const roleAt = (roles: Map<Role, number>, at: number): Role | undefined =>
  [...roles].find(([, column]) => column === at)?.[0];

/** Roles that mean something in tables of each kind; in the others such a column is like any. */
const USED: Record<TableKind, readonly Role[]> = {
  laps: ROLES.filter((role) => !['thing', 'name', 'value'].includes(role)),
  long: ['time', 'thing', 'name', 'value'],
  wide: ['time', 'thing'],
};

function columnOf(
  { title, name, unit }: Title,
  role: Role | undefined,
  mapped: string | undefined,
  kind: TableKind,
  isNumeric: () => boolean,
): Column {
  const base = { title, name, unit, unitMs: isMsTitle(name, unit) ? 1 : 1000 };
  if (mapped !== undefined) return { ...base, role: mapped === '' ? 'ignore' : 'channel', name: mapped || name };
  if (role !== undefined && USED[kind].includes(role)) return { ...base, role };
  const isChannel = kind === 'wide' && name !== '' && !isClock(name) && isNumeric();
  return { ...base, role: isChannel ? 'channel' : 'ignore' };
}

function checkColumns(schema: Schema): void {
  const { kind, columns, thing } = schema;
  const has = (role: Column['role']) => columns.some((column) => column.role === role);
  const missing: string[] = [];
  const need = (role: Role) => {
    if (!has(role)) missing.push(role);
  };
  if (kind === 'laps') {
    need('lap');
    if (!thing) need('entry');
    schema.lapClock = has('time') ? 'time' : has('elapsed') ? 'elapsed' : 'sum';
    if (schema.lapClock === 'sum') need('lapTime');
  } else {
    need('time');
    if (!thing) need('thing');
    if (kind === 'long') for (const role of ['name', 'value'] as const) need(role);
    else if (!has('channel')) missing.push('channel of numbers');
  }
  if (missing.length > 0) throw lacking(schema, `no column is its ${missing.join(', nor its ')}`);
}

function lacking({ kind, columns }: Schema, why: string): PitwallError {
  return new PitwallError('PW-LOAD-COLUMN', {
    what: `Read as a table of the kind "${kind}", ${why}. Columns: ${columns.map(({ title }) => title).join(', ')}.`,
    fix: 'Say what a column is with --map COLUMN=ROLE, whose rows they are with --thing NAME, or another --kind.',
  });
}

function unreadable(records: readonly string[], why: string): PitwallError {
  return new PitwallError('PW-LOAD-FORMAT', {
    what: `The table that begins with ${JSON.stringify((records[0] ?? '').slice(0, 80))} cannot be read: ${why}.`,
    fix: 'Give --delimiter or --decimal, or see whether the file is a table.',
  });
}
