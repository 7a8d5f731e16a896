/** Texts. Arguments are converted to String; Null and Undefined have no text and give Undefined (iot-sql §4). */
import { toNumeric, toText } from '../conversions.js';
import { toDouble } from '../decimal.js';
import { checkTextLength } from '../json.js';
import { INDEX_OF_NOTHING } from '../unsettled.js';
import type { Value } from '../values.js';
import type { FunctionFamily, SqlFunction } from './definition.js';
import { TextSearch } from './search.js';

/** A function of texts alone. */
const ofTexts = (count: number, operate: (...texts: string[]) => Value): SqlFunction => ({
  arity: [count, count],
  call: (args, { work }) => {
    const texts: string[] = [];
    for (const arg of args) {
      const text = toText(arg, work);
      if (text === undefined) return undefined;
      work.spend(text.length);
      texts.push(text);
    }
    return operate(...texts);
  },
});

/** A number argument, rounded down. */
function floorOf(argument: Value): number | undefined {
  const value = toNumeric(argument);
  return value === undefined ? undefined : Math.floor(toDouble(value));
}

/** Spaces that lpad and rpad add at most. */
const MAX_PADDING = 1000;

const padded = (place: (text: string, spaces: string) => string): SqlFunction => ({
  arity: [2, 2],
  call: ([argument, count], { work }) => {
    const text = toText(argument, work);
    const spaces = floorOf(count);
    if (text === undefined || spaces === undefined) return undefined;
    const added = Math.min(MAX_PADDING, Math.max(0, spaces));
    checkTextLength(text.length + added);
    work.spend(text.length + added);
    return place(text, ' '.repeat(added));
  },
});

const MAX_ASCII = 127;

/** Every occurrence, literally. The length is known, and refused, before the text is built. */
function replace(text: string, part: string, by: string): string {
  // Between all characters, as Java and ECMAScript have it.
  if (part === '') {
    checkTextLength(text.length + (text.length + 1) * by.length);
    return text.replaceAll('', () => by);
  }
  const places = new TextSearch(part).placesIn(text);
  checkTextLength(text.length + places.length * (by.length - part.length));
  let result = '';
  let copied = 0;
  for (const place of places) {
    result += text.slice(copied, place) + by;
    copied = place + part.length;
  }
  return result + text.slice(copied);
}

export const stringFunctions: FunctionFamily = {
  chr: {
    arity: [1, 1],
    call: ([argument]) => {
      const code = floorOf(argument);
      return code !== undefined && code >= 0 && code <= MAX_ASCII ? String.fromCharCode(code) : undefined;
    },
  },
  endswith: ofTexts(2, (text, end) => text.endsWith(end)),
  indexof: ofTexts(2, (text, part) => {
    const index = new TextSearch(part).indexIn(text);
    return index < 0 ? INDEX_OF_NOTHING : index;
  }),
  length: ofTexts(1, (text) => text.length),
  lower: ofTexts(1, (text) => text.toLowerCase()),
  lpad: padded((text, spaces) => spaces + text),
  ltrim: ofTexts(1, (text) => text.trimStart()),
  numbytes: ofTexts(1, (text) => Buffer.byteLength(text)),
  replace: ofTexts(3, replace),
  rpad: padded((text, spaces) => text + spaces),
  rtrim: ofTexts(1, (text) => text.trimEnd()),
  startswith: ofTexts(2, (text, start) => text.startsWith(start)),
  /** From a place, inclusive, to another, exclusive; both are moved into the text. */
  substring: {
    arity: [2, 3],
    call: (args, { work }) => {
      const text = toText(args[0], work);
      const from = floorOf(args[1]);
      const to = args.length === 3 ? floorOf(args[2]) : Number.POSITIVE_INFINITY;
      if (text === undefined || from === undefined || to === undefined) return undefined;
      return from >= to ? '' : text.substring(from, to);
    },
  },
  trim: ofTexts(1, (text) => text.trim()),
  upper: ofTexts(1, (text) => text.toUpperCase()),
};
