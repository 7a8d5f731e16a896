/** How a table is written. */
export interface Dialect {
  delimiter: string;
  decimal: '.' | ',';
}

const DELIMITERS = [',', ';', '\t', '|'];
const MAX_LINES_LOOKED_AT = 64;

/**
 * The cells of a line: RFC 4180 quotes (doubled inside), spaces around a cell left out. A quote that is never closed takes
 * the rest of the line; cells over several lines are not served.
 *
 * @example
 * splitCells('1.5;"a;b"', ';'); // ['1.5', 'a;b']
 */
export function splitCells(line: string, delimiter: string): string[] {
  if (!line.includes('"')) return line.split(delimiter).map((cell) => cell.trim());
  const cells: string[] = [];
  for (let at = 0; at <= line.length; ) {
    while (line[at] === ' ') at++;
    if (line[at] !== '"') {
      const end = line.indexOf(delimiter, at);
      cells.push(line.slice(at, end < 0 ? undefined : end).trim());
      if (end < 0) break;
      at = end + delimiter.length;
      continue;
    }
    let cell = '';
    at++;
    for (;;) {
      const quote = line.indexOf('"', at);
      if (quote < 0) return [...cells, cell + line.slice(at)];
      cell += line.slice(at, quote);
      at = quote + 1;
      if (line[at] !== '"') break;
      cell += '"';
      at++;
    }
    cells.push(cell);
    const end = line.indexOf(delimiter, at);
    if (end < 0) break;
    at = end + delimiter.length;
  }
  return cells;
}

/**
 * A cell as RFC 4180 writes it: one with a comma, quote or line end stands in quotes.
 *
 * @example
 * csvCell('say "go", now'); // '"say ""go"", now"'
 */
export function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A number as the dialect writes it; NaN for an empty cell and for what is no number. */
export function parseNumber(cell: string, decimal: Dialect['decimal']): number {
  if (cell === '') return Number.NaN;
  const text = decimal === ',' ? cell.replace(',', '.') : cell;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
}

/**
 * Delimiter and decimal sign, told from the first lines unless given: the delimiter that gives the most lines the same number
 * of cells; a decimal comma where cells have commas between digits and none has a point. Undefined where no delimiter makes
 * columns.
 */
export function inferDialect(lines: readonly string[], given: Partial<Dialect>): Dialect | undefined {
  const looked = lines.filter((line) => line !== '').slice(0, MAX_LINES_LOOKED_AT);
  const delimiter = given.delimiter ?? inferDelimiter(looked);
  if (delimiter === undefined) return undefined;
  return { delimiter, decimal: given.decimal ?? inferDecimal(looked, delimiter) };
}

function inferDelimiter(lines: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestScore = 0;
  for (const delimiter of DELIMITERS) {
    const width = modalWidth(lines, delimiter);
    if (width < 2) continue;
    const agreeing = lines.filter((line) => splitCells(line, delimiter).length === width).length;
    // Decimal commas make a second delimiter of the comma, but not one that is as regular and as much in one.
    const isNumeric = lines.filter((line) => splitCells(line, delimiter).some(isNumberEither)).length;
    const score = agreeing * 1000 + isNumeric * 10 + (delimiter === ',' ? 0 : 1) + Math.min(width, 9) / 10;
    if (score > bestScore) {
      best = delimiter;
      bestScore = score;
    }
  }
  return best;
}

/** The commonest number of cells in a line. */
export function modalWidth(lines: readonly string[], delimiter: string): number {
  const counts = new Map<number, number>();
  for (const line of lines) {
    const width = splitCells(line, delimiter).length;
    counts.set(width, (counts.get(width) ?? 0) + 1);
  }
  let modal = 0;
  let most = 0;
  for (const [width, count] of counts) {
    if (count > most || (count === most && width > modal)) {
      modal = width;
      most = count;
    }
  }
  return modal;
}

function isNumberEither(cell: string): boolean {
  return !Number.isNaN(parseNumber(cell, '.')) || !Number.isNaN(parseNumber(cell, ','));
}

function inferDecimal(lines: readonly string[], delimiter: string): Dialect['decimal'] {
  if (delimiter === ',') return '.';
  const cells = lines.flatMap((line) => splitCells(line, delimiter));
  const commas = cells.filter((cell) => /^[+-]?\d+,\d+$/.test(cell)).length;
  const points = cells.filter((cell) => /^[+-]?\d+\.\d+$/.test(cell)).length;
  return commas > points ? ',' : '.';
}
