import { PitwallError } from '../../../wire/errors.js';
import type { Position } from './model.js';

/** `sign` is one character of punctuation; `end` is the end of the file. Strings come without their quotes. */
export interface Token extends Position {
  kind: 'word' | 'number' | 'string' | 'sign' | 'end';
  text: string;
}

const SPACE = /[ \t\r\f\v\uFEFF\u00A0]*/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const SIGNS = ':;|@+-(),[]';
/** How much of what was found is shown in a message. */
const SHOWN_MAX = 40;

/**
 * Cuts the text of a DBC file into tokens, one ahead. Everything that is not a token is refused with its place.
 *
 *     word   = letter or "_", then letters, digits, "_"
 *     number = unsigned decimal, with or without fraction and exponent (a sign is a token of its own: `0|8@1-`, `1-3`)
 *     string = between quotes, over lines too; \" is a quote
 */
export class Lexer {
  readonly file: string;
  readonly #text: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  #token: Token;

  constructor(file: string, text: string) {
    this.file = file;
    this.#text = text;
    this.#token = this.#scan();
  }

  /** The token that `next` will give. */
  get token(): Token {
    return this.#token;
  }

  next(): Token {
    const token = this.#token;
    if (token.kind !== 'end') this.#token = this.#scan();
    return token;
  }

  isSign(sign: string): boolean {
    return this.#token.kind === 'sign' && this.#token.text === sign;
  }

  isWord(word: string): boolean {
    return this.#token.kind === 'word' && this.#token.text === word;
  }

  /** Takes the sign if it is next. */
  takeSign(sign: string): boolean {
    if (!this.isSign(sign)) return false;
    this.next();
    return true;
  }

  sign(sign: string, where: string): void {
    if (!this.takeSign(sign)) throw this.expected(`"${sign}" ${where}`);
  }

  word(what: string): Token {
    if (this.#token.kind !== 'word') throw this.expected(what);
    return this.next();
  }

  string(what: string): string {
    if (this.#token.kind !== 'string') throw this.expected(`${what} in quotes`);
    return this.next().text;
  }

  /** The digits of a number with its sign. */
  number(what: string): string {
    let sign = '';
    if (this.isSign('-') || this.isSign('+')) sign = this.next().text === '-' ? '-' : '';
    if (this.#token.kind !== 'number') throw this.expected(what);
    return `${sign}${this.next().text}`;
  }

  /** A whole number from 0 to `max`. */
  whole(what: string, max: number): number {
    const token = this.#token;
    const value = token.kind === 'number' && /^\d+$/.test(token.text) ? Number(token.text) : Number.NaN;
    if (!(value <= max)) throw this.expected(`${what}, a whole number from 0 to ${max}`);
    this.next();
    return value;
  }

  /** The error that says what was wanted where the next token is. */
  expected(what: string): PitwallError {
    const { kind, text } = this.#token;
    const found = kind === 'end' ? 'the end of the file' : JSON.stringify(shown(text));
    return this.error(this.#token, `expected ${what}, found ${found}`);
  }

  error({ line, column }: Position, what: string): PitwallError {
    return new PitwallError('PW-CONFIG-DBC', {
      what: `${this.file}:${line}:${column}: ${what}.`,
      fix: 'Correct the line; nothing of a file is used while one of its lines cannot be read.',
    });
  }

  #scan(): Token {
    this.#skipSpace();
    const position = { line: this.#line, column: this.#at - this.#lineStart + 1 };
    const character = this.#text[this.#at];
    if (character === undefined) return { kind: 'end', text: '', ...position };
    if (character === '"') return { kind: 'string', text: this.#scanString(position), ...position };
    const word = this.#match(WORD);
    if (word) return { kind: 'word', text: word, ...position };
    const number = this.#match(NUMBER);
    if (number) {
      if (this.#match(WORD)) throw this.error(position, `expected a name or a number, found both in one: "${number}…"`);
      return { kind: 'number', text: number, ...position };
    }
    if (!SIGNS.includes(character)) {
      throw this.error(position, `expected a word, a number or a string, found ${JSON.stringify(character)}`);
    }
    this.#at++;
    return { kind: 'sign', text: character, ...position };
  }

  #skipSpace(): void {
    for (;;) {
      this.#match(SPACE);
      if (this.#text[this.#at] !== '\n') return;
      this.#newLine(this.#at++);
    }
  }

  #scanString(start: Position): string {
    let text = '';
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      const character = this.#text[at];
      if (character === '"') {
        this.#at = at + 1;
        return text;
      }
      if (character === '\n') this.#newLine(at);
      if (character === '\\' && this.#text[at + 1] === '"') at++;
      text += this.#text[at];
    }
    throw this.error(start, 'expected a closing quote, found the end of the file');
  }

  #newLine(at: number): void {
    this.#line++;
    this.#lineStart = at + 1;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += text.length;
    return text;
  }
}

function shown(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
