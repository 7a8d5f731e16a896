import { csvCell } from '#wire/csv/dialect.js';
import { PitwallError } from '#wire/errors.js';

/** A table of JSON as texts: a title for each key, a row for each object. */
export interface JsonTable {
  titles: string[];
  rows: Record<string, string>[];
}

/** Objects in an answer; more are no live feed. */
const ROWS_MAX = 10_000;

/**
 * The rows of a document: the array at `path` (`a.b`), else the document or the longest array of objects in it. What stands beside
 * the array (a time, a lap, a flag) goes into each row; objects inside a row become `outer.inner`. Raises PW-LOAD-POLL.
 *
 * @example
 * jsonTable({ lap: 3, cars: [{ number: '24', pos: 1 }] }).rows; // [{ lap: '3', number: '24', pos: '1' }]
 */
export function jsonTable(document: unknown, path?: string): JsonTable {
  const { rows, around } =
    path === undefined ? findRows(document) : { rows: valueAt(document, path), around: document };
  if (!Array.isArray(rows)) throw noRows(path);
  const objects = rows.filter(isObject);
  if (objects.length === 0) throw noRows(path);
  if (objects.length > ROWS_MAX) {
    throw new PitwallError('PW-LOAD-POLL', {
      what: `The answer has ${objects.length} rows; at most ${ROWS_MAX} are taken at a time.`,
    });
  }
  const common = isObject(around) ? flat(around, false) : {};
  const texts = objects.map((object) => ({ ...common, ...flat(object, true) }));
  return { titles: [...new Set(texts.flatMap((row) => Object.keys(row)))], rows: texts };
}

/** A row as a line of CSV. */
export function csvLine(titles: readonly string[], row: Readonly<Record<string, string>>): string {
  return titles.map((title) => csvCell(row[title] ?? '')).join(',');
}

function findRows(document: unknown): { rows: unknown; around: unknown } {
  if (Array.isArray(document)) return { rows: document, around: undefined };
  if (!isObject(document)) return { rows: undefined, around: undefined };
  const arrays = Object.values(document).filter((value) => Array.isArray(value) && value.some(isObject)) as unknown[][];
  arrays.sort((a, b) => b.length - a.length);
  return { rows: arrays[0] ?? [document], around: arrays[0] ? document : undefined };
}

function valueAt(document: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), document);
}

function flat(object: Record<string, unknown>, isDeep: boolean, prefix = ''): Record<string, string> {
  const row: Record<string, string> = {};
  for (const [key, value] of Object.entries(object)) {
    if (typeof value === 'string') row[prefix + key] = value;
    else if (typeof value === 'number' || typeof value === 'boolean') row[prefix + key] = String(value);
    else if (isDeep && isObject(value)) Object.assign(row, flat(value, false, `${prefix}${key}.`));
  }
  return row;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function noRows(path: string | undefined): PitwallError {
  return new PitwallError('PW-LOAD-POLL', {
    what: `The answer has no rows${path === undefined ? '' : ` at "${path}"`}: an array of objects was wanted.`,
    fix: 'Say where they are with --at PATH.',
  });
}
