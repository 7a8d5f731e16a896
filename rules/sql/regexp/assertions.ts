/** Places in a text: `^ $ \b \B \A \G \Z \z`, and `\R`, which is an expression of its own. */
import type { Assertion, Node } from './ast.js';
import { isLineEnd, isMark, isWordPart } from './char-sets.js';

export interface BoundaryFlags {
  multiline: boolean;
  /** `(?d)`: only a line feed ends a line. */
  unixLines: boolean;
}

const LF = 0x0a;
const CR = 0x0d;

export function asserted(symbol: string, flags: BoundaryFlags): Assertion {
  switch (symbol) {
    case '^':
      return flags.multiline ? lineStart(flags.unixLines) : textStart;
    case '$':
      return flags.multiline ? lineEnd(flags.unixLines) : lastLineEnd(flags.unixLines);
    case '\\A':
      return textStart;
    case '\\Z':
      return lastLineEnd(flags.unixLines);
    case '\\z':
      return (text, at) => at === text.length;
    case '\\G':
      return (_text, at, lastEnd) => at === lastEnd;
    case '\\b':
      return wordBoundary;
    default:
      return (text, at, lastEnd) => !wordBoundary(text, at, lastEnd);
  }
}

const textStart: Assertion = (_text, at) => at === 0;

const endsLine = (unixLines: boolean) => (unixLines ? (code: number) => code === LF : isLineEnd);

/** After a line's end, but not between \r and \n, and not at the end of the text, be it empty. */
const lineStart =
  (unixLines: boolean): Assertion =>
  (text, at) => {
    if (at === text.length) return false;
    if (at === 0) return true;
    const before = text.charCodeAt(at - 1);
    if (!endsLine(unixLines)(before)) return false;
    return unixLines || before !== CR || text.charCodeAt(at) !== LF;
  };

const lineEnd =
  (unixLines: boolean): Assertion =>
  (text, at) => {
    if (at === text.length) return true;
    const code = text.charCodeAt(at);
    if (!endsLine(unixLines)(code)) return false;
    return unixLines || code !== LF || at === 0 || text.charCodeAt(at - 1) !== CR;
  };

/** At the end, or before a line's end that is the last thing. */
const lastLineEnd =
  (unixLines: boolean): Assertion =>
  (text, at) => {
    const left = text.length - at;
    if (left === 0) return true;
    const code = text.charCodeAt(at);
    if (left === 2) return !unixLines && code === CR && text.charCodeAt(at + 1) === LF;
    if (left !== 1 || !endsLine(unixLines)(code)) return false;
    return unixLines || code !== LF || at === 0 || text.charCodeAt(at - 1) !== CR;
  };

const wordBoundary: Assertion = (text, at) => isWordBefore(text, at) !== isWordAfter(text, at);

function isWordAfter(text: string, at: number): boolean {
  const code = text.codePointAt(at);
  return code !== undefined && (isWordPart(code) || (isMark(code) && hasBase(text, at)));
}

function isWordBefore(text: string, at: number): boolean {
  const code = codeBefore(text, at);
  return code !== undefined && (isWordPart(code) || (isMark(code) && hasBase(text, at)));
}

/** A mark belongs to the word of the letter that it is put on. */
function hasBase(text: string, at: number): boolean {
  for (let place = at; ; ) {
    const code = codeBefore(text, place);
    if (code === undefined) return false;
    if (isWordPart(code)) return true;
    if (!isMark(code)) return false;
    place -= code > 0xffff ? 2 : 1;
  }
}

/** The code point that ends before a place. */
export function codeBefore(text: string, at: number): number | undefined {
  if (at === 0) return undefined;
  const code = text.charCodeAt(at - 1);
  const isLow = code >= 0xdc00 && code <= 0xdfff && at > 1;
  const pair = isLow ? text.codePointAt(at - 2)! : code;
  return pair > 0xffff ? pair : code;
}

/** `\R`: \r\n as one, or any vertical white space. */
export const lineBreak: Node = {
  kind: 'choice',
  options: [
    {
      kind: 'sequence',
      items: [
        { kind: 'set', set: (code) => code === CR },
        { kind: 'set', set: (code) => code === LF },
      ],
    },
    { kind: 'set', set: (code) => (code >= LF && code <= CR) || code === 0x85 || code === 0x2028 || code === 0x2029 },
  ],
};
