/** The elements of a java.time pattern (DateTimeFormatterBuilder, JDK 11, strict parsing, English): each reads some of a text. */
import { MONTHS, WEEKDAYS } from './calendar.js';
import type { FieldName, Fields } from './java-fields.js';

/** Reads from a place; gives the place after it, or negative when the text does not fit. */
export type Element = (text: string, at: number, fields: Fields) => number;

export const FAILED = -1;

export type Sign = 'normal' | 'exceedsPad' | 'notNegative';

export interface NumberSpec {
  field: FieldName;
  min: number;
  max: number;
  sign: Sign;
  /** Two digits of a year from 2000 to 2099; digits of a fraction of a second. */
  read?: (digits: string) => number;
}

/** Digits that the numbers right after this one will want. */
export interface Adjacency {
  following: number;
}

export function numberElement({ field, min, max, sign, read = Number }: NumberSpec, adjacency: Adjacency): Element {
  return (text, at, fields) => {
    const written = text[at];
    const isSigned = written === '+' || written === '-';
    if (isSigned && !takesSign(sign, written)) return FAILED;
    const from = isSigned ? at + 1 : at;
    const digits = /^\d*/.exec(text.slice(from, from + max + adjacency.following))![0].length;
    if (digits < min) return FAILED;
    const length = adjacency.following > 0 ? Math.max(min, digits - adjacency.following) : digits;
    const value = read(text.slice(from, from + length));
    if (written === '-' && value === 0) return FAILED;
    if (sign === 'exceedsPad' && written !== '-' && isSigned !== length > min) return FAILED;
    return fields.put(field, written === '-' ? -value : value) ? from + length : FAILED;
  };
}

function takesSign(sign: Sign, written: string): boolean {
  return sign === 'exceedsPad' || (sign === 'normal' && written === '-');
}

/** One of some words, the longest that fits; their values count from `first`. */
export function wordElement(field: FieldName, words: readonly string[], first: number): Element {
  const byLength = words.map((word, i) => ({ word, value: first + i })).sort((a, b) => b.word.length - a.word.length);
  return (text, at, fields) => {
    const found = byLength.find(({ word }) => text.startsWith(word, at));
    return found !== undefined && fields.put(field, found.value) ? at + found.word.length : FAILED;
  };
}

const short = (words: readonly string[]) => words.map((word) => word.slice(0, 3));

type Words = { short: readonly string[]; full: readonly string[]; first: number };

export const WORDS: Record<'month' | 'weekday' | 'era' | 'quarter' | 'halfOfDay', Words> = {
  month: { short: short(MONTHS), full: MONTHS, first: 1 },
  weekday: { short: short(WEEKDAYS), full: WEEKDAYS, first: 1 },
  era: { short: ['BC', 'AD'], full: ['Before Christ', 'Anno Domini'], first: 0 },
  quarter: {
    short: ['Q1', 'Q2', 'Q3', 'Q4'],
    full: ['1st quarter', '2nd quarter', '3rd quarter', '4th quarter'],
    first: 1,
  },
  halfOfDay: { short: ['AM', 'PM'], full: ['AM', 'PM'], first: 0 },
};

export function literalElement(literal: string): Element {
  return (text, at) => (text.startsWith(literal, at) ? at + literal.length : FAILED);
}

/** All of it or nothing. */
export function optionalElement(elements: readonly Element[]): Element {
  return (text, at, fields) => {
    const before = fields.copy();
    const end = readAll(elements, text, at, fields);
    if (end !== FAILED) return end;
    fields.restore(before);
    return at;
  };
}

/** Blanks before a text fill it up to a width. */
export function paddedElement(element: Element, width: number): Element {
  return (text, at, fields) => {
    const end = at + width;
    if (end > text.length) return FAILED;
    let from = at;
    while (from < end && text[from] === ' ') from++;
    return element(text.slice(0, end), from, fields) === end ? end : FAILED;
  };
}

export function readAll(elements: readonly Element[], text: string, from: number, fields: Fields): number {
  let at = from;
  for (const element of elements) {
    at = element(text, at, fields);
    if (at === FAILED) break;
  }
  return at;
}
