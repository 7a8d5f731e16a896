import { describe, expect, it } from 'vitest';
import { csvCell, splitCells } from '#wire/csv/dialect.js';

describe('a cell', () => {
  it.each([
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['say "go"', '"say ""go"""'],
    ['two\nlines', '"two\nlines"'],
    ['carriage\rreturn', '"carriage\rreturn"'],
    ['', ''],
  ])('%j is written as %j, and read back', (text, written) => {
    expect(csvCell(text)).toBe(written);
    expect(splitCells(`x,${csvCell(text)},y`, ',')).toEqual(['x', text, 'y']);
  });
});
