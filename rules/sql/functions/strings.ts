/** Texts. Arguments are converted to String; Null and Undefined have no text and give Undefined (iot-sql §4). */
import { boundedText, checkTextLength, toNumeric, toText } from '../conversions.js';
import { toDouble } from '../decimal.js';
import type { Value } from '../values.js';
import type { FunctionFamily, SqlFunction } from './definition.js';

/** A function of texts alone. */
const ofTexts = (count: number, operate: (...texts: string[]) => Value): SqlFunction => ({
  arity: [count, count],
  call: (args) => {
    const texts = args.map(toText);
    return texts.includes(undefined) ? undefined : operate(...(texts as string[]));
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
  call: ([argument, count]) => {
    const text = toText(argument);
    const spaces = floorOf(count);
    if (text === undefined || spaces === undefined) return undefined;
    return boundedText(place(text, ' '.repeat(Math.min(MAX_PADDING, Math.max(0, spaces)))));
  },
});

const MAX_ASCII = 127;

/** Every occurrence, literally. The length is known, and refused, before the text is built. */
function replace(text: string, part: string, by: string): string {
  const occurrences = part === '' ? text.length + 1 : text.split(part).length - 1;
  checkTextLength(text.length + occurrences * (by.length - part.length));
  return text.replaceAll(part, () => by);
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
  /** -1 when it is not there: the guide is silent, Java says so. */
  indexof: ofTexts(2, (text, part) => text.indexOf(part)),
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
    call: (args) => {
      const text = toText(args[0]);
      const from = floorOf(args[1]);
      const to = args.length === 3 ? floorOf(args[2]) : Number.POSITIVE_INFINITY;
      if (text === undefined || from === undefined || to === undefined) return undefined;
      return from >= to ? '' : text.substring(from, to);
    },
  },
  trim: ofTexts(1, (text) => text.trim()),
  upper: ofTexts(1, (text) => text.toUpperCase()),
};
