/** Escapes of one character: `\t`, `\x41`, `\u0041`, `\0101`, `\cA`, `\.`. */
import { PatternError, PatternUnserved } from './ast.js';
import type { PatternReader } from './reader.js';

const CONTROLS: Record<string, number> = { t: 0x09, n: 0x0a, r: 0x0d, f: 0x0c, a: 0x07, e: 0x1b };
const MAX_CODE = 0x10ffff;

/** The code point of the escape whose letter comes next; the backslash is behind the reader. */
export function readEscapedCode(reader: PatternReader): number {
  const letter = reader.next();
  switch (letter) {
    case '':
      throw new PatternError('Unexpected internal error: a backslash at the end');
    case '0':
      return Number.parseInt(wanted(reader.takeMatch(/[0-3][0-7]{0,2}|[0-7]{1,2}/y), 'octal')[0], 8);
    case 'x': {
      const [, braced, plain] = wanted(reader.takeMatch(/\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{2})/y), 'hexadecimal');
      const code = Number.parseInt(braced ?? plain, 16);
      if (code > MAX_CODE) throw new PatternError('Hexadecimal codepoint is too big');
      return code;
    }
    case 'u':
      return readUnicode(reader);
    case 'c':
      return wanted(reader.takeMatch(/./suy), 'control')[0].codePointAt(0)! ^ 64;
    case 'N':
      throw new PatternUnserved('\\N{…}');
    case 'X':
      throw new PatternUnserved('\\X');
  }
  if (Object.hasOwn(CONTROLS, letter)) return CONTROLS[letter];
  if (/[a-zA-Z]/.test(letter)) throw new PatternError(`Illegal/unsupported escape sequence \\${letter}`);
  return letter.codePointAt(0)!;
}

/** Two halves of a surrogate pair are one character. */
function readUnicode(reader: PatternReader): number {
  const code = Number.parseInt(wanted(reader.takeMatch(/[0-9a-fA-F]{4}/y), 'Unicode')[0], 16);
  if (code < 0xd800 || code > 0xdbff) return code;
  const low = reader.takeMatch(/\\u([dD][c-fC-F][0-9a-fA-F]{2})/y);
  return low === null ? code : (code - 0xd800) * 0x400 + (Number.parseInt(low[1], 16) - 0xdc00) + 0x10000;
}

function wanted(match: RegExpExecArray | null, what: string): RegExpExecArray {
  if (match === null) throw new PatternError(`Illegal ${what} escape sequence`);
  return match;
}
