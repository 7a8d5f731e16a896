/** Character classes of java.util.regex (JDK 11), by code point. */
import { type CharSet, PatternError, PatternUnserved } from './ast.js';

export interface ClassFlags {
  ignoreCase: boolean;
  /** `(?u)`, `(?U)`: case by Unicode, not by ASCII. */
  unicodeCase: boolean;
  /** `(?U)`: predefined and POSIX classes by Unicode. */
  unicodeClasses: boolean;
  /** `(?x)`: white space and comments stand for nothing, also in a class. */
  comments: boolean;
}

export const union =
  (a: CharSet, b: CharSet): CharSet =>
  (code) =>
    a(code) || b(code);
export const intersection =
  (a: CharSet, b: CharSet): CharSet =>
  (code) =>
    a(code) && b(code);
export const complement =
  (set: CharSet): CharSet =>
  (code) =>
    !set(code);

export function single(wanted: number, flags: ClassFlags): CharSet {
  if (!flags.ignoreCase) return (code) => code === wanted;
  const folded = fold(wanted, flags.unicodeCase);
  return (code) => fold(code, flags.unicodeCase) === folded;
}

export function range(from: number, to: number, flags: ClassFlags): CharSet {
  if (from > to) throw new PatternError('Illegal character range');
  const within: CharSet = (code) => code >= from && code <= to;
  if (!flags.ignoreCase) return within;
  return (code) => within(code) || otherCases(code, flags.unicodeCase).some(within);
}

/** Equal for what differs in case only. */
export function fold(code: number, unicode: boolean): number {
  if (code < 0x80) return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
  if (!unicode) return code;
  return lower(upper(code));
}

function otherCases(code: number, unicode: boolean): number[] {
  return code < 0x80 || unicode ? [upper(code), lower(upper(code)), lower(code)] : [];
}

function upper(code: number): number {
  return sameLength(String.fromCodePoint(code).toUpperCase(), code);
}

function lower(code: number): number {
  return sameLength(String.fromCodePoint(code).toLowerCase(), code);
}

/** Java folds one character to one character: ß stays ß. */
function sameLength(text: string, code: number): number {
  const mapped = text.codePointAt(0)!;
  return String.fromCodePoint(mapped).length === text.length ? mapped : code;
}

const LINE_ENDS = new Set([0x0a, 0x0d, 0x85, 0x2028, 0x2029]);
export const isLineEnd: CharSet = (code) => LINE_ENDS.has(code);

/** `.` without DOTALL; with UNIX_LINES only a line feed ends a line. */
export const anyInLine = (unixLines: boolean): CharSet => (unixLines ? (code) => code !== 0x0a : complement(isLineEnd));
export const anything: CharSet = () => true;

/** Asked for each character of a text, so answers for the first plane's start are kept. */
function remembered(set: CharSet): CharSet {
  const known = new Int8Array(0x250);
  return (code) => {
    if (code >= known.length) return set(code);
    if (known[code] === 0) known[code] = set(code) ? 1 : -1;
    return known[code] > 0;
  };
}

function unicode(pattern: string): CharSet {
  const compiled = new RegExp(`^${pattern}$`, 'u');
  return remembered((code) => compiled.test(String.fromCodePoint(code)));
}

const HORIZONTAL = unicode('[ \\t\\xA0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000]');
const VERTICAL = unicode('[\\n\\x0B\\f\\r\\x85\\u2028\\u2029]');

const PREDEFINED: Record<string, { ascii: CharSet; unicode: CharSet }> = {
  d: { ascii: unicode('[0-9]'), unicode: unicode('\\p{Nd}') },
  s: { ascii: unicode('[ \\t\\n\\x0B\\f\\r]'), unicode: unicode('\\p{White_Space}') },
  w: { ascii: unicode('[A-Za-z_0-9]'), unicode: unicode('[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]') },
  h: { ascii: HORIZONTAL, unicode: HORIZONTAL },
  v: { ascii: VERTICAL, unicode: VERTICAL },
};

/** `\d`, `\D`, … by their letter. */
export function predefined(letter: string, flags: ClassFlags): CharSet | undefined {
  const entry = PREDEFINED[letter.toLowerCase()];
  if (entry === undefined) return undefined;
  const set = flags.unicodeClasses ? entry.unicode : entry.ascii;
  return letter === letter.toLowerCase() ? set : complement(set);
}

/** What `\b` takes for a part of a word (JDK 11: a letter or digit by Unicode, or `_`). */
export const isWordPart = unicode('[\\p{L}\\p{Nd}_]');
export const isMark = unicode('\\p{Mn}');

const POSIX: Record<string, { ascii: string; unicode: string }> = {
  Lower: { ascii: '[a-z]', unicode: '\\p{Lowercase}' },
  Upper: { ascii: '[A-Z]', unicode: '\\p{Uppercase}' },
  ASCII: { ascii: '[\\x00-\\x7F]', unicode: '[\\x00-\\x7F]' },
  Alpha: { ascii: '[A-Za-z]', unicode: '\\p{Alphabetic}' },
  Digit: { ascii: '[0-9]', unicode: '\\p{Nd}' },
  Alnum: { ascii: '[A-Za-z0-9]', unicode: '[\\p{Alphabetic}\\p{Nd}]' },
  Punct: { ascii: '[!-\\/:-@\\[-`\\{-~]', unicode: '\\p{P}' },
  Graph: { ascii: '[!-~]', unicode: '[^\\p{White_Space}\\p{Cc}\\p{Cs}\\p{Cn}]' },
  Print: { ascii: '[ -~]', unicode: '[^\\p{Cc}\\p{Cs}\\p{Cn}\\p{Zl}\\p{Zp}\\t]' },
  Blank: { ascii: '[ \\t]', unicode: '[\\p{Zs}\\t]' },
  Cntrl: { ascii: '[\\x00-\\x1F\\x7F]', unicode: '\\p{Cc}' },
  XDigit: { ascii: '[0-9A-Fa-f]', unicode: '[\\p{Nd}\\p{Hex_Digit}]' },
  Space: { ascii: '[ \\t\\n\\x0B\\f\\r]', unicode: '\\p{White_Space}' },
};

/** Methods of java.lang.Character, without their `is`. */
const JAVA: Record<string, string> = {
  javaLowerCase: '\\p{Lowercase}',
  javaUpperCase: '\\p{Uppercase}',
  javaTitleCase: '\\p{Lt}',
  javaAlphabetic: '\\p{Alphabetic}',
  javaIdeographic: '\\p{Ideographic}',
  javaDigit: '\\p{Nd}',
  javaDefined: '\\P{Cn}',
  javaLetter: '\\p{L}',
  javaLetterOrDigit: '[\\p{L}\\p{Nd}]',
  javaSpaceChar: '\\p{Z}',
  javaWhitespace: '[\\t-\\r\\x1c-\\x1f \\u1680\\u2000-\\u2006\\u2008-\\u200a\\u2028\\u2029\\u205f\\u3000]',
  javaISOControl: '[\\x00-\\x1f\\x7f-\\x9f]',
  javaMirrored: '\\p{Bidi_Mirrored}',
};

/** Binary properties that `\p{Is…}` knows, any case. */
const BINARY: Record<string, string> = {
  ALPHABETIC: '\\p{Alphabetic}',
  IDEOGRAPHIC: '\\p{Ideographic}',
  LETTER: '\\p{L}',
  LOWERCASE: '\\p{Lowercase}',
  UPPERCASE: '\\p{Uppercase}',
  TITLECASE: '\\p{Lt}',
  WHITE_SPACE: '\\p{White_Space}',
  WHITESPACE: '\\p{White_Space}',
  CONTROL: '\\p{Cc}',
  PUNCTUATION: '\\p{P}',
  HEX_DIGIT: '[\\p{Nd}\\p{Hex_Digit}]',
  HEXDIGIT: '[\\p{Nd}\\p{Hex_Digit}]',
  ASSIGNED: '\\P{Cn}',
  NONCHARACTER_CODE_POINT: '\\p{Noncharacter_Code_Point}',
  NONCHARACTERCODEPOINT: '\\p{Noncharacter_Code_Point}',
  DIGIT: '\\p{Nd}',
  ALNUM: '[\\p{Alphabetic}\\p{Nd}]',
  BLANK: '[\\p{Zs}\\t]',
  JOIN_CONTROL: '\\p{Join_Control}',
  JOINCONTROL: '\\p{Join_Control}',
};

const CATEGORIES: Record<string, string> = {
  LC: '[\\p{Lu}\\p{Ll}\\p{Lt}]',
  LD: '[\\p{L}\\p{Nd}]',
  L1: '[\\x00-\\xFF]',
  all: '[^]',
};

/** `\p{…}`: a POSIX class, a java.lang method, a category, a script or a binary property. */
export function property(name: string, flags: ClassFlags): CharSet {
  if (!/^[\w=-]+( [\w-]+)*$/.test(name)) throw new PatternError('Illegal property name');
  if (Object.hasOwn(POSIX, name)) return unicode(POSIX[name][flags.unicodeClasses ? 'unicode' : 'ascii']);
  if (Object.hasOwn(JAVA, name)) return unicode(JAVA[name]);
  if (Object.hasOwn(CATEGORIES, name)) return unicode(CATEGORIES[name]);
  const [key, value] = name.split('=');
  if (value !== undefined) return keyed(key.toLowerCase(), value);
  if (/^In/.test(name)) throw new PatternUnserved(`the Unicode block ${name}`);
  if (!/^Is/.test(name)) return category(name);
  const rest = name.slice(2);
  const binary = rest.toUpperCase();
  if (Object.hasOwn(BINARY, binary)) return unicode(BINARY[binary]);
  return script(rest) ?? category(rest);
}

function keyed(key: string, value: string): CharSet {
  switch (key) {
    case 'sc':
    case 'script': {
      const found = script(value);
      if (found === undefined) throw new PatternError(`Unknown character script name {${value}}`);
      return found;
    }
    case 'gc':
    case 'general_category':
      return category(value);
    case 'blk':
    case 'block':
      throw new PatternUnserved(`the Unicode block ${value}`);
    default:
      throw new PatternError(`Unknown Unicode property {name=<${key}>}`);
  }
}

function category(name: string): CharSet {
  // Java knows the short names only: \p{Lu}, not \p{Uppercase_Letter}.
  const found = /^[A-Z][a-z]?$/.test(name) ? known(`\\p{${name}}`) : undefined;
  if (found === undefined) throw new PatternError(`Unknown character property name {${name}}`);
  return found;
}

/** Java takes a script's name in any case: LATIN, Latin, latn. */
function script(name: string): CharSet | undefined {
  const written = name.toLowerCase().replace(/(^|_)[a-z]/g, (letter) => letter.toUpperCase());
  return known(`\\p{Script=${written}}`);
}

function known(pattern: string): CharSet | undefined {
  try {
    return unicode(pattern);
  } catch {
    return undefined;
  }
}
