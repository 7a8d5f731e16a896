import { type Dialect, modalWidth, splitCells } from './dialect.js';

export interface Title {
  /** As it stands in the header. */
  title: string;
  /** Without its unit. */
  name: string;
  /** `1` where the table names none. */
  unit: string;
}

export interface Header {
  titles: Title[];
  /** Lines before the first row of values. */
  headLines: number;
  /** The cells of the rows below that have as many cells as the header. */
  rows: string[][];
}

const NAME_WITH_UNIT = /^(.*?)\s*[[(]([^\])]+)[\])]$/;

/**
 * Header and units of a table from its first lines. The header is the first line with as many cells as most lines have
 * (loggers write a page about the session before it); the line after it holds the units when none of its cells is a number.
 * Undefined where no line has columns.
 *
 * @example
 * readHeader(['t,Speed [km/h]', '0,101.5'], { delimiter: ',', decimal: '.' })?.titles[1]; // {…, name: 'Speed', unit: 'km/h'}
 */
export function readHeader(lines: readonly string[], { delimiter }: Dialect): Header | undefined {
  const width = modalWidth(
    lines.filter((line) => line !== ''),
    delimiter,
  );
  const headerAt = lines.findIndex((line) => splitCells(line, delimiter).length === width);
  if (headerAt < 0) return undefined;
  const titles = splitCells(lines[headerAt], delimiter).map(splitTitle);
  let headLines = headerAt + 1;
  const next = lines[headLines] === undefined ? [] : splitCells(lines[headLines], delimiter);
  if (next.length === width && !next.some((cell) => /\d/.test(cell))) {
    for (const [i, unit] of next.entries()) if (unit !== '') titles[i].unit = unit;
    headLines++;
  }
  const rows = lines
    .slice(headLines)
    .map((line) => splitCells(line, delimiter))
    .filter((cells) => cells.length === width);
  return { titles, headLines, rows };
}

/** `Speed [km/h]` and `RPM (rpm)` carry their unit. */
function splitTitle(title: string): Title {
  const match = NAME_WITH_UNIT.exec(title);
  return match ? { title, name: match[1], unit: match[2] } : { title, name: title, unit: '1' };
}
