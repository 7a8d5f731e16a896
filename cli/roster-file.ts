import { readFileSync } from 'node:fs';
import { splitCells } from '#wire/csv/dialect.js';
import { PitwallError } from '#wire/errors.js';
import type { RosterEntry } from '#wire/race-records.js';

/** Fields of an entry, as columns of a file and as keys of `roster set`. */
export const ROSTER_FIELDS = [
  'entry',
  'number',
  'driver',
  'team',
  'cls',
  'transponder',
  'thing',
  'own',
  'fromMs',
] as const;
export type RosterField = (typeof ROSTER_FIELDS)[number];

/**
 * Reads a roster: CSV with a header line of `ROSTER_FIELDS` (only `entry` has to be there), or a JSON array of entries.
 * Raises PW-USAGE-ARGUMENT.
 */
export function readRoster(path: string): RosterEntry[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new PitwallError('PW-USAGE-ARGUMENT', { what: `The roster ${path} cannot be read.`, cause });
  }
  const rows = text.trimStart().startsWith('[') ? jsonRows(path, text) : csvRows(path, text);
  const roster = rows.map((row, index) => {
    const entry = row.entry ?? row.number;
    if (entry === undefined || entry === '') throw broken(path, `row ${index + 1} names neither entry nor number`);
    if (row.fromMs && !Number.isFinite(Number(row.fromMs))) {
      throw broken(path, `row ${index + 1} holds from "${row.fromMs}"; wanted epoch ms`);
    }
    return withFields(emptyEntry(entry), row);
  });
  const twice = roster.find((row, index) => roster.findIndex((other) => isSameRow(other, row)) !== index);
  if (twice !== undefined) throw broken(path, `the entry ${twice.entry} stands there twice from the same time on`);
  if (roster.length === 0) throw broken(path, 'it has no entries');
  return roster;
}

function emptyEntry(entry: string): RosterEntry {
  return { entry, number: entry, driver: '', team: '', cls: '', transponder: '', thing: null, own: false };
}

/** Rows of one entry differ in when they begin. */
function isSameRow(a: RosterEntry, b: RosterEntry): boolean {
  return a.entry === b.entry && a.fromMs === b.fromMs;
}

/**
 * A roster in which these fields of one entry are others: from a time on, as a row of its own, or without one in all its rows.
 * An entry that is not there yet is added.
 */
export function withEntry(
  roster: readonly RosterEntry[],
  entry: string,
  fields: Partial<Record<RosterField, string>>,
  fromMs?: number,
): RosterEntry[] {
  const known = roster.filter((row) => row.entry === entry);
  if (known.length > 0 && fromMs === undefined) {
    return roster.map((row) => (row.entry === entry ? withFields(row, fields) : row));
  }
  const before = known.filter(
    (row) => (row.fromMs ?? Number.NEGATIVE_INFINITY) <= (fromMs ?? Number.POSITIVE_INFINITY),
  );
  const changed = withFields(before.at(-1) ?? known[0] ?? emptyEntry(entry), fields);
  const row = fromMs === undefined ? changed : { ...changed, fromMs };
  return [...roster.filter((other) => !isSameRow(other, row)), row];
}

/** The entry with these fields as texts; an empty thing is none. */
function withFields(entry: RosterEntry, fields: Partial<Record<RosterField, string>>): RosterEntry {
  const { thing, own, fromMs, ...texts } = fields;
  return {
    ...entry,
    ...texts,
    ...(thing !== undefined && { thing: thing === '' ? null : thing }),
    ...(fromMs && { fromMs: Number(fromMs) }),
    ...(own !== undefined && { own: /^(1|true|yes)$/i.test(own) }),
  };
}

function csvRows(path: string, text: string): Partial<Record<RosterField, string>>[] {
  const [header = '', ...lines] = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const delimiter = header.includes(';') ? ';' : ',';
  const names = splitCells(header, delimiter).map((name) => fieldOf(path, name));
  return lines.map((line) => {
    const cells = splitCells(line, delimiter);
    return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
  });
}

function jsonRows(path: string, text: string): Partial<Record<RosterField, string>>[] {
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch (cause) {
    throw new PitwallError('PW-USAGE-ARGUMENT', { what: `The roster ${path} is not JSON.`, cause });
  }
  if (!Array.isArray(rows)) throw broken(path, 'it is no array');
  return rows.map((row: unknown) => {
    if (typeof row !== 'object' || row === null) throw broken(path, 'an entry is no object');
    return Object.fromEntries(Object.entries(row).map(([name, value]) => [fieldOf(path, name), String(value ?? '')]));
  });
}

function fieldOf(path: string, name: string): RosterField {
  const found = ROSTER_FIELDS.find((field) => field === name.trim());
  if (found === undefined) throw broken(path, `"${name}" is no field; there are: ${ROSTER_FIELDS.join(', ')}`);
  return found;
}

function broken(path: string, why: string): PitwallError {
  return new PitwallError('PW-USAGE-ARGUMENT', { what: `The roster ${path} cannot be used: ${why}.` });
}
