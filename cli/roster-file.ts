import { readFileSync } from 'node:fs';
import { splitCells } from '#wire/csv/dialect.js';
import { PitwallError } from '#wire/errors.js';
import type { RosterEntry } from '#wire/race-records.js';

/** Fields of an entry, as columns of a file and as keys of `roster set`. */
export const ROSTER_FIELDS = ['entry', 'number', 'driver', 'team', 'cls', 'transponder', 'thing', 'own'] as const;
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
    return withFields(emptyEntry(entry), row);
  });
  const twice = roster.find(({ entry }, index) => roster.findIndex((other) => other.entry === entry) !== index);
  if (twice !== undefined) throw broken(path, `the entry ${twice.entry} stands there twice`);
  if (roster.length === 0) throw broken(path, 'it has no entries');
  return roster;
}

export function emptyEntry(entry: string): RosterEntry {
  return { entry, number: entry, driver: '', team: '', cls: '', transponder: '', thing: null, own: false };
}

/** The entry with these fields as texts; an empty thing is none. */
export function withFields(entry: RosterEntry, fields: Partial<Record<RosterField, string>>): RosterEntry {
  const { thing, own, ...texts } = fields;
  return {
    ...entry,
    ...texts,
    ...(thing !== undefined && { thing: thing === '' ? null : thing }),
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
