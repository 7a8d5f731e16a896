/**
 * JSON that keeps numbers exact. `JSON.parse` reads a number of up to 15 digits without loss, so it is used unless the
 * text holds a longer one or an exponent; `writeJson` writes what either produced.
 */
import { Decimal, numericText, parseNumeric } from './decimal.js';
import { setKey, type Value, type ValueObject } from './values.js';

/** A number that a double may not hold exactly: 16 characters or more, or an exponent. Strings may match: only slower. */
const NEEDS_EXACT = /(?:^|[:,[\s])-?(?:[\d.]{16}|[\d.]+[eE])/;

/** Throws SyntaxError when the text is not JSON. A number out of range is Undefined. */
export function readJson(text: string): Value {
  const value = JSON.parse(text) as Value;
  return NEEDS_EXACT.test(text) ? new ExactReader(text).read() : value;
}

/** Compact. Undefined is left out of objects and written as null in arrays, as JSON has no word for it. */
export function writeJson(value: Value): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return numericText(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (value instanceof Decimal) return value.toString();
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`;
  let text = '';
  for (const key of Object.keys(value)) {
    const item = value[key];
    if (item !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${writeJson(item)}`;
  }
  return `{${text}}`;
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
