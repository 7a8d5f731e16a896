/** java.time's patterns (DateTimeFormatter.ofPattern, JDK 11), for reading: what time_to_epoch() takes. */
import {
  type Adjacency,
  type Element,
  literalElement,
  type NumberSpec,
  numberElement,
  optionalElement,
  paddedElement,
  readAll,
  WORDS,
  wordElement,
} from './java-elements.js';
import { type FieldName, Fields } from './java-fields.js';
import { localizedOffsetElement, offsetElement, zoneElement } from './java-zones.js';

/** Epoch milliseconds of a text; Undefined when the text does not fit. */
export type TimeParser = (text: string) => number | undefined;

/** java.time's own bound on the width of a number. */
const MAX_DIGITS = 19;
const MAX_FRACTION = 9;
/** Sections within sections. */
const MAX_OPTIONAL = 100;

/** What a run of one letter stands for: a number, which may lie against the next one, or anything else. */
type Part = { number: NumberSpec } | { element: Element };

/** Compiles a pattern; Undefined when java.time refuses it. */
export function compileJavaPattern(pattern: string): TimeParser | undefined {
  const builder = new Builder();
  for (const [token] of pattern.matchAll(/([A-Za-z])\1*|'(?:[^']|'')*'|./gs)) {
    if (!builder.add(token)) return undefined;
  }
  const elements = builder.end();
  if (elements === undefined) return undefined;
  return (text) => {
    const fields = new Fields();
    return readAll(elements, text, 0, fields) === text.length ? fields.toEpochMs() : undefined;
  };
}

/** Elements of a pattern, section by section. */
class Builder {
  #elements: Element[] = [];
  readonly #outer: Element[][] = [];
  /** The number that the next number would lie against. */
  #open: Adjacency | undefined;
  #padding = 0;

  /** A run of a letter, a quoted text, or a character. False when it is none of java.time's. */
  add(token: string): boolean {
    if (/^[A-Za-z]/.test(token)) return this.#letters(token[0], token.length);
    if (this.#padding > 0 || token === "'" || '{}#'.includes(token)) return false;
    if (token === '[') return this.#openSection();
    if (token === ']') return this.#closeSection();
    const text = token.startsWith("'") ? token.slice(1, -1).replaceAll("''", "'") || "'" : token;
    this.#push(literalElement(text));
    return true;
  }

  /** Sections that are open end with the pattern. Undefined when it ends with a width and nothing to fill. */
  end(): Element[] | undefined {
    if (this.#padding > 0) return undefined;
    while (this.#outer.length > 0) this.#closeSection();
    return this.#elements;
  }

  #openSection(): boolean {
    this.#outer.push(this.#elements);
    this.#elements = [];
    this.#open = undefined;
    return this.#outer.length <= MAX_OPTIONAL;
  }

  #closeSection(): boolean {
    const outer = this.#outer.pop();
    if (outer === undefined) return false;
    outer.push(optionalElement(this.#elements));
    this.#elements = outer;
    this.#open = undefined;
    return true;
  }

  #letters(letter: string, count: number): boolean {
    if (letter === 'p' && this.#padding === 0) {
      this.#padding = count;
      return true;
    }
    const part = Object.hasOwn(LETTERS, letter) ? LETTERS[letter](count) : undefined;
    if (part === undefined) return false;
    if ('element' in part) this.#push(part.element);
    else this.#number(part.number);
    return true;
  }

  #push(element: Element): void {
    this.#elements.push(this.#padding > 0 ? paddedElement(element, this.#padding) : element);
    this.#padding = 0;
    this.#open = undefined;
  }

  /** `yyyyMMdd`: what has a fixed width takes its digits from the end of the first number's. */
  #number(number: NumberSpec): void {
    const open = this.#open;
    const adjacency: Adjacency = { following: 0 };
    const isFixed = number.min === number.max && number.sign === 'notNegative';
    this.#push(numberElement(number, adjacency));
    this.#open = open !== undefined && isFixed ? open : adjacency;
    if (open === undefined) return;
    open.following = isFixed ? open.following + number.max : 0;
  }
}

const value = (field: FieldName, min: number, max: number, sign: NumberSpec['sign']): Part => ({
  number: { field, min, max, sign },
});
const element = (made: Element): Part => ({ element: made });

/** One letter: any number of digits; two: two. */
const oneOrTwo =
  (field: FieldName) =>
  (count: number): Part | undefined =>
    count === 1 ? value(field, 1, MAX_DIGITS, 'normal') : count === 2 ? value(field, 2, 2, 'notNegative') : undefined;

const year =
  (field: FieldName) =>
  (count: number): Part => {
    if (count === 2)
      return { number: { field, min: 2, max: 2, sign: 'notNegative', read: (digits) => 2000 + Number(digits) } };
    return value(field, count, MAX_DIGITS, count < 4 ? 'normal' : 'exceedsPad');
  };

const words = (field: FieldName, kind: keyof typeof WORDS, style: 'short' | 'full'): Part =>
  element(wordElement(field, WORDS[kind][style], WORDS[kind].first));

/** One or two letters are a number, three a short word, four a word; five, one letter, is not told apart and read as a number. */
const numberOrWord =
  (field: FieldName, kind: keyof typeof WORDS) =>
  (count: number): Part | undefined => {
    if (count <= 2) return oneOrTwo(field)(count);
    if (count <= 4) return words(field, kind, count === 3 ? 'short' : 'full');
    return count === 5 ? value(field, 1, MAX_DIGITS, 'normal') : undefined;
  };

const weekday = (count: number): Part | undefined => {
  if (count <= 3) return words('weekday', 'weekday', 'short');
  if (count === 4) return words('weekday', 'weekday', 'full');
  return count === 5 ? value('weekday', 1, MAX_DIGITS, 'normal') : undefined;
};

const digitsOf =
  (field: FieldName) =>
  (count: number): Part =>
    value(field, count, MAX_DIGITS, 'notNegative');

const once =
  (part: () => Part) =>
  (count: number): Part | undefined =>
    count === 1 ? part() : undefined;

/** Shapes of X and x by their count. */
const OFFSETS = ['+HHmm', '+HHMM', '+HH:MM', '+HHMMss', '+HH:MM:ss'];

const LETTERS: Record<string, (count: number) => Part | undefined> = {
  G: (count) => {
    if (count > 5) return undefined;
    return count === 5
      ? element(wordElement('era', ['B', 'A'], 0))
      : words('era', 'era', count === 4 ? 'full' : 'short');
  },
  u: year('year'),
  y: year('yearOfEra'),
  Y: year('weekYear'),
  Q: numberOrWord('quarter', 'quarter'),
  q: numberOrWord('quarter', 'quarter'),
  M: numberOrWord('month', 'month'),
  L: numberOrWord('month', 'month'),
  w: (count) => (count <= 2 ? value('week', count, 2, 'notNegative') : undefined),
  W: once(() => value('weekOfMonth', 1, 2, 'notNegative')),
  D: (count) => {
    if (count === 1) return value('dayOfYear', 1, MAX_DIGITS, 'normal');
    return count <= 3 ? value('dayOfYear', count, 3, 'notNegative') : undefined;
  },
  d: oneOrTwo('day'),
  F: once(() => value('alignedDay', 1, MAX_DIGITS, 'normal')),
  g: (count) => value('julianDay', count, MAX_DIGITS, 'normal'),
  E: weekday,
  e: (count) => (count <= 2 ? value('localWeekday', count, 2, 'notNegative') : weekday(count)),
  c: (count) => {
    if (count === 1) return value('localWeekday', 1, 2, 'notNegative');
    return count === 2 ? undefined : weekday(count);
  },
  a: once(() => words('halfOfDay', 'halfOfDay', 'short')),
  H: oneOrTwo('hour'),
  k: oneOrTwo('clockHour'),
  K: oneOrTwo('hourOfHalf'),
  h: oneOrTwo('clockHourOfHalf'),
  m: oneOrTwo('minute'),
  s: oneOrTwo('second'),
  S: (count) =>
    count <= MAX_FRACTION
      ? {
          number: {
            field: 'nano',
            min: count,
            max: count,
            sign: 'notNegative',
            read: (digits) => Number(digits.padEnd(MAX_FRACTION, '0')),
          },
        }
      : undefined,
  A: digitsOf('milliOfDay'),
  n: digitsOf('nano'),
  N: digitsOf('nanoOfDay'),
  V: (count) => (count === 2 ? element(zoneElement()) : undefined),
  v: (count) => {
    if (count === 1) return element(zoneElement('shortGeneric'));
    return count === 4 ? element(zoneElement('longGeneric')) : undefined;
  },
  z: (count) => (count <= 4 ? element(zoneElement(count === 4 ? 'long' : 'short')) : undefined),
  O: (count) => {
    if (count === 1) return element(localizedOffsetElement('localizedShort'));
    return count === 4 ? element(localizedOffsetElement('localizedFull')) : undefined;
  },
  X: (count) => (count <= 5 ? element(offsetElement(OFFSETS[count - 1], 'Z')) : undefined),
  x: (count) => {
    if (count > 5) return undefined;
    return element(offsetElement(OFFSETS[count - 1], count === 1 ? '+00' : count % 2 === 0 ? '+0000' : '+00:00'));
  },
  Z: (count) => {
    if (count <= 3) return element(offsetElement('+HHMM', '+0000'));
    if (count === 4) return element(localizedOffsetElement('localizedFull'));
    return count === 5 ? element(offsetElement('+HH:MM:ss', 'Z')) : undefined;
  },
};
