/** Where the parser stands among the tokens, and what it says when another one was wanted. */
import { SqlError } from './errors.js';
import { hintForToken } from './hints.js';
import type { Token } from './lexer.js';

export class Cursor {
  readonly #text: string;
  readonly #tokens: Token[];
  #index = 0;

  /** `tokens` ends with one of kind `end`. */
  constructor(text: string, tokens: Token[]) {
    this.#text = text;
    this.#tokens = tokens;
  }

  next(): Token {
    const token = this.peek();
    this.#index++;
    return token;
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)];
  }

  /** A place to come back to. */
  get place(): number {
    return this.#index;
  }

  goBack(place: number): void {
    this.#index = place;
  }

  takeWord(word: string): boolean {
    if (!isWord(this.peek(), word)) return false;
    this.#index++;
    return true;
  }

  takeSymbol(symbol: string): boolean {
    if (!isSymbol(this.peek(), symbol)) return false;
    this.#index++;
    return true;
  }

  take(kind: Token['kind'], wanted: string): Token {
    const token = this.peek();
    if (token.kind !== kind) throw this.unexpected(token, wanted);
    this.#index++;
    return token;
  }

  expectWord(word: string): void {
    if (!this.takeWord(word)) throw this.unexpected(this.peek(), word);
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.unexpected(this.peek(), `'${symbol}'`);
  }

  expectEnd(): void {
    if (this.peek().kind !== 'end') throw this.unexpected(this.peek(), 'the end');
  }

  unexpected(token: Token, wanted: string, fix?: string): SqlError {
    const found = token.kind === 'end' ? 'the end' : `'${token.text}'`;
    const hint = token.kind === 'name' || token.kind === 'symbol' ? hintForToken(token.text) : '';
    return this.error(token, `Expected ${wanted}, found ${found}`, fix ?? hint);
  }

  error(token: Token, what: string, fix?: string): SqlError {
    return new SqlError('PW-RULE-SYNTAX', this.#text, token.at, what, fix);
  }
}

export function isWord(token: Token, word: string): boolean {
  return token.kind === 'name' && token.text.toUpperCase() === word;
}

export function isSymbol(token: Token, symbol: string): boolean {
  return token.kind === 'symbol' && token.text === symbol;
}
