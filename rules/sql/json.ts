/**
 * JSON that keeps numbers exact. `JSON.parse` reads a number of up to 15 digits without loss, so it is used unless the
 * text holds a longer one or an exponent; `writeJson` writes what either produced.
 */
import { Decimal, numericText, parseNumeric } from './decimal.js';
import { limitError } from './errors.js';
import { checkDepth, setKey, type Value, type ValueObject } from './values.js';

/** A number that a double may not hold exactly: 16 characters or more, or an exponent. Strings may match: only slower. */
const NEEDS_EXACT = /(?:^|[:,[\s])-?(?:[\d.]{16}|[\d.]+[eE])/;

/** Deepest nesting that is read: more than any device sends, little enough for what walks through it. */
const MAX_DEPTH = 512;
/** Bound on a text: eight times what any action receives. */
export const MAX_TEXT = 1024 * 1024;

/**
 * A number out of range is Undefined.
 *
 * @throws SyntaxError when the text is not JSON; PitwallError `PW-RULE-LIMIT` when it is nested too deep
 */
export function readJson(text: string): Value {
  const value = JSON.parse(text) as Value;
  if (text.length > 2 * MAX_DEPTH) checkNesting(text);
  return NEEDS_EXACT.test(text) ? new ExactReader(text).read() : value;
}

/** Of text that is known to be JSON. */
function checkNesting(text: string): void {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) quoted = !quoted;
    else if (quoted) at += code === BACKSLASH ? 1 : 0;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
    if (depth > MAX_DEPTH) throw limitError(`The JSON is nested deeper than ${MAX_DEPTH}.`);
  }
}

const [QUOTE, BACKSLASH, OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [...'"\\{}[]'].map((character) =>
  character.charCodeAt(0),
);

/**
 * Compact. Undefined is left out of objects and written as null in arrays, as JSON has no word for it.
 *
 * @throws PitwallError `PW-RULE-LIMIT` beyond 1 MiB
 */
export function writeJson(value: Value, depth = 0): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return numericText(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (value instanceof Decimal) return value.toString();
  checkDepth(depth);
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) {
      text += text === '' ? writeJson(item, depth + 1) : `,${writeJson(item, depth + 1)}`;
      checkTextLength(text.length);
    }
    return `[${text}]`;
  }
  for (const key of Object.keys(value)) {
    const item = value[key];
    if (item === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${writeJson(item, depth + 1)}`;
    checkTextLength(text.length);
  }
  return `{${text}}`;
}

/** @throws PitwallError `PW-RULE-LIMIT` when a text would pass the bound: asked before it is built */
export function checkTextLength(length: number): void {
  if (length > MAX_TEXT) {
    throw limitError(`A text of ${length} characters would be built; at most ${MAX_TEXT} are kept in memory.`);
  }
}

/** Reads text that is known to be JSON. */
class ExactReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Value {
    this.#skipSpace();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object();
      case '[':
        return this.#array();
      case '"':
        return JSON.parse(this.#take(/"(?:[^"\\]|\\.)*"/y)) as string;
      case 't':
        this.#at += 4;
        return true;
      case 'f':
        this.#at += 5;
        return false;
      case 'n':
        this.#at += 4;
        return null;
      default:
        return parseNumeric(this.#take(/-?[\d.eE+-]+/y));
    }
  }

  #object(): ValueObject {
    const object: ValueObject = {};
    while (this.#next('}')) {
      const key = JSON.parse(this.#take(/"(?:[^"\\]|\\.)*"/y)) as string;
      this.#skipSpace();
      this.#at++; // the colon
      setKey(object, key, this.read());
    }
    return object;
  }

  #array(): Value[] {
    const array: Value[] = [];
    while (this.#next(']')) array.push(this.read());
    return array;
  }

  /** Steps over an opening bracket or a comma; false at the closing bracket, which it steps over too. */
  #next(close: string): boolean {
    this.#skipSpace();
    const character = this.#text[this.#at];
    if (character !== close) this.#at++;
    this.#skipSpace();
    if (this.#text[this.#at] !== close) return true;
    this.#at++;
    return false;
  }

  #take(token: RegExp): string {
    token.lastIndex = this.#at;
    const text = token.exec(this.#text)![0];
    this.#at += text.length;
    return text;
  }

  #skipSpace(): void {
    while (' \t\r\n'.includes(this.#text[this.#at])) this.#at++;
  }
}
