import { z } from 'zod';
import { type Dialect, parseNumber } from '../../wire/csv/dialect.js';
import { readHeader, type Title } from '../../wire/csv/header.js';
import { inferTimeForm, type TimeForm } from '../../wire/csv/time.js';
import { PitwallError } from '../../wire/errors.js';
import type { ChannelSpec } from '../../wire/messages.js';

/** A channel that is taken from a column; what is left out is told from the column. */
export const columnConfig = z.strictObject({
  column: z.string().min(1),
  /** Default: the column's name. */
  name: z.string().min(1).optional(),
  unit: z.string().min(1).optional(),
  scale: z.number().positive().optional(),
  offset: z.number().optional(),
  rateHz: z.number().positive().optional(),
});
export type ColumnConfig = z.infer<typeof columnConfig>;

export interface LayoutConfig {
  time?: { column: string; form?: TimeForm | undefined } | undefined;
  channels?: readonly ColumnConfig[] | undefined;
  /** Three columns instead of one for each channel: time, the channel's name, its value. */
  long?: { name: string; value: string } | undefined;
  /** Only rows with this text in these columns: one car of a table of many. */
  where?: Readonly<Record<string, string>> | undefined;
}

/** Where in a row everything is. */
export interface Layout {
  timeColumn: number;
  timeForm: TimeForm;
  /** Column of each channel of `specs`; in a long table the text in the name column. */
  columns: number[];
  specs: ChannelSpec[];
  long: { name: number; value: number; channelByName: Map<string, number> } | undefined;
  where: { column: number; text: string }[];
  /** Lines before the first row of values. */
  headLines: number;
}

const TIME_NAME =
  /^(?:time|timestamp|datetime|date.?time|utc|t|zeit|uhrzeit|meta_time|\w*_time|(?:recv|car|time|epoch|elapsed)_(?:ms|s|us)|elapsed(?:.?time)?)$/i;
const POSITION_NAME = /^(?:\w*_)?(?:lat|lon|long|latitude|longitude)(?:_\w+)?$|(?:latitude|longitude|_lat|_long?)$/i;
const RAW_MAX = 2 ** 31 - 1;
/** A channel may grow to so many times what its first values were before its samples no longer fit their 32 bits. */
const HEADROOM = 8;
const DECIMALS_MAX = 4;
/** 1e-7 degrees are a centimetre. */
const POSITION_DECIMALS = 7;
const DEFAULT_RATE_HZ = 10;

/** Time column and channels from the first lines of a table (`readHeader`). Raises PW-SOURCE-FORMAT. */
export function inferLayout(lines: readonly string[], dialect: Dialect, config: LayoutConfig): Layout {
  const { decimal } = dialect;
  const header = readHeader(lines, dialect);
  if (!header) throw unreadable('no line has columns', lines);
  const { titles, headLines, rows } = header;
  const columnOf = (name: string): number => {
    const at = titles.findIndex((title) => title.name === name || title.title === name);
    if (at >= 0) return at;
    throw unreadable(`no column "${name}"; there are ${titles.map((title) => title.title).join(', ')}`, lines);
  };
  const where = Object.entries(config.where ?? {}).map(([name, text]) => ({ column: columnOf(name), text }));
  const chosen = rows.filter((cells) => where.every(({ column, text }) => cells[column] === text));
  const timeColumn = config.time ? columnOf(config.time.column) : titles.findIndex(({ name }) => TIME_NAME.test(name));
  if (timeColumn < 0)
    throw unreadable(`no column looks like a time: ${titles.map(({ name }) => name).join(', ')}`, lines);
  const timeCell = rows.map((cells) => cells[timeColumn]).find((cell) => cell !== '') ?? '';
  const { name: timeName, unit: timeUnit } = titles[timeColumn];
  const timeForm = config.time?.form ?? inferTimeForm(timeCell, timeUnit, timeName, decimal);
  if (!timeForm) throw unreadable(`"${timeCell}" in column "${timeName}" is no time`, lines);
  const base = { timeColumn, timeForm, where, headLines };

  if (config.long) {
    const long = { name: columnOf(config.long.name), value: columnOf(config.long.value) };
    const samplesOf = (name: string) =>
      chosen.filter((cells) => cells[long.name] === name).map((cells) => cells[long.value]);
    const names = config.channels?.map(({ column }) => column) ?? [...new Set(chosen.map((cells) => cells[long.name]))];
    const taken = names.filter((name) => config.channels || samplesOf(name).some((cell) => isNumber(cell, decimal)));
    const specs = taken.map((name) => specOf({ name, unit: '1' }, samplesOf(name), decimal, config.channels));
    if (specs.length === 0) throw unreadable(`no numbers in column "${config.long.value}"`, lines);
    const channelByName = new Map(taken.map((name, channel) => [name, channel]));
    return { ...base, specs, columns: [], long: { ...long, channelByName } };
  }

  const cellsOf = (column: number) => chosen.map((cells) => cells[column]);
  const columns = config.channels
    ? config.channels.map(({ column }) => columnOf(column))
    : [...titles.keys()].filter(
        (column) =>
          column !== timeColumn && where.every((each) => each.column !== column) && isNumeric(cellsOf(column), decimal),
      );
  if (columns.length === 0) throw unreadable('no column holds numbers only', lines);
  const specs = columns.map((column) => specOf(titles[column], cellsOf(column), decimal, config.channels));
  return { ...base, specs, columns, long: undefined };
}

/** Scale by the decimals that are written, so that a frame gives back what the file says. */
function specOf(
  column: Partial<Title> & { name: string; unit: string },
  cells: readonly string[],
  decimal: Dialect['decimal'],
  configs: readonly ColumnConfig[] | undefined,
): ChannelSpec {
  const config = configs?.find((each) => each.column === column.name || each.column === column.title);
  return {
    name: config?.name ?? column.name,
    unit: config?.unit ?? column.unit,
    scale: config?.scale ?? inferScale(column.name, cells, decimal),
    offset: config?.offset ?? 0,
    rateHz: config?.rateHz ?? DEFAULT_RATE_HZ,
  };
}

function inferScale(name: string, cells: readonly string[], decimal: Dialect['decimal']): number {
  let decimals = 0;
  let largest = 0;
  for (const cell of cells) {
    const value = parseNumber(cell, decimal);
    if (Number.isNaN(value)) continue;
    largest = Math.max(largest, Math.abs(value));
    const fraction = /[.,](\d+)$/.exec(cell)?.[1].length ?? 0;
    decimals = Math.max(decimals, fraction);
  }
  const isPosition = POSITION_NAME.test(name);
  decimals = Math.min(decimals, isPosition ? POSITION_DECIMALS : DECIMALS_MAX);
  const headroom = isPosition ? 1 : HEADROOM;
  while (decimals > 0 && largest * headroom * 10 ** decimals > RAW_MAX) decimals--;
  return Number(`1e-${decimals}`);
}

function isNumeric(cells: readonly string[], decimal: Dialect['decimal']): boolean {
  return cells.some((cell) => cell !== '') && cells.every((cell) => cell === '' || isNumber(cell, decimal));
}

function isNumber(cell: string, decimal: Dialect['decimal']): boolean {
  return !Number.isNaN(parseNumber(cell, decimal));
}

function unreadable(why: string, lines: readonly string[]): PitwallError {
  const first = JSON.stringify((lines[0] ?? '').slice(0, 80));
  return new PitwallError('PW-SOURCE-FORMAT', {
    what: `The table that begins with ${first} cannot be read: ${why}.`,
    fix: 'Give "time", "channels", "delimiter" or "decimal" in the configuration.',
  });
}
