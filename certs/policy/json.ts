/**
 * JSON (RFC 8259) that knows where each value stands, so that a refused policy names line and column. Stricter than
 * `JSON.parse` in one thing: a name that stands twice in one object is refused, because the second would silently win.
 */
import { type Place, PolicyError } from './errors.js';

export type JsonNode = { readonly place: Place } & (
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, JsonNode> }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number' | 'boolean' | 'null'; readonly value: number | boolean | null }
);

/** Deeper than any policy (5); bounds the recursion. */
const DEPTH_MAX = 32;
const WHITE_SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\]|\\.)*"/sy;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const KIND_OF_WORD = { true: 'boolean', false: 'boolean', null: 'null' } as const;

/** Raises PolicyError (PW-POLICY-SYNTAX). */
export function parseJson(text: string): JsonNode {
  return new Reader(text).document();
}

class Reader {
  readonly #text: string;
  #at = 0;
  /** The line that was told last, and where it begins: places are asked for in order. */
  #line = 1;
  #lineStart = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonNode {
    const node = this.#value('', 0);
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#error('', 'Something follows the document.');
    return node;
  }

  #value(path: string, depth: number): JsonNode {
    if (depth > DEPTH_MAX) throw this.#error(path, `Nested more than ${DEPTH_MAX} deep.`);
    this.#skipSpace();
    const place = this.#place(path);
    const first = this.#text[this.#at];
    if (first === '{') return { kind: 'object', members: this.#members(path, depth), place };
    if (first === '[') return { kind: 'array', items: this.#items(path, depth), place };
    if (first === '"') return { kind: 'string', value: this.#string(path), place };
    const word = this.#take(WORD);
    if (word !== undefined) {
      const kind = KIND_OF_WORD[word as keyof typeof KIND_OF_WORD];
      return { kind, value: JSON.parse(word) as boolean | null, place };
    }
    const number = this.#take(NUMBER);
    if (number !== undefined) return { kind: 'number', value: Number(number), place };
    throw this.#error(path, first === undefined ? 'The text ends where a value was wanted.' : 'A value was wanted.');
  }

  #members(path: string, depth: number): Map<string, JsonNode> {
    const members = new Map<string, JsonNode>();
    this.#at++;
    if (this.#takes('}')) return members;
    do {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') throw this.#error(path, 'A name in double quotes was wanted.');
      const place = this.#place(path);
      const name = this.#string(path);
      if (members.has(name)) throw new PolicyError('PW-POLICY-SYNTAX', place, `"${name}" stands twice in one object.`);
      if (!this.#takes(':')) throw this.#error(path, `A colon was wanted after "${name}".`);
      members.set(name, this.#value(path === '' ? name : `${path}.${name}`, depth + 1));
    } while (this.#takes(','));
    if (!this.#takes('}')) throw this.#error(path, 'A comma or } was wanted.');
    return members;
  }

  #items(path: string, depth: number): JsonNode[] {
    const items: JsonNode[] = [];
    this.#at++;
    if (this.#takes(']')) return items;
    do items.push(this.#value(`${path}[${items.length}]`, depth + 1));
    while (this.#takes(','));
    if (!this.#takes(']')) throw this.#error(path, 'A comma or ] was wanted.');
    return items;
  }

  #string(path: string): string {
    const place = this.#place(path);
    const quoted = this.#take(STRING);
    if (quoted === undefined) throw new PolicyError('PW-POLICY-SYNTAX', place, 'A string that does not end.');
    try {
      return JSON.parse(quoted) as string;
    } catch {
      throw new PolicyError('PW-POLICY-SYNTAX', place, 'A string with a bare control character or an unknown escape.');
    }
  }

  #takes(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #skipSpace(): void {
    this.#take(WHITE_SPACE);
  }

  #place(path: string): Place {
    for (let end = this.#text.indexOf('\n', this.#lineStart); end >= 0 && end < this.#at; ) {
      this.#line++;
      this.#lineStart = end + 1;
      end = this.#text.indexOf('\n', this.#lineStart);
    }
    return { path, line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  #error(path: string, what: string): PolicyError {
    return new PolicyError('PW-POLICY-SYNTAX', this.#place(path), what);
  }
}
