/**
 * Text → tokens.
 *
 *     name     [A-Za-z_][A-Za-z0-9_]*      keywords are names; the parser knows where they stand
 *     variable @[A-Za-z0-9_]{1,64}
 *     number   digits[.digits][(e|E)[+-]digits]
 *     string   '…' or "…"; the quote itself is written twice
 *     symbol   ( ) [ ] { } , . : * / % + - = <> != < <= > >=
 */
import { type Numeric, parseNumeric } from './decimal.js';
import { SqlError } from './errors.js';
import { hintForCharacter } from './hints.js';

export type TokenKind = 'name' | 'variable' | 'number' | 'string' | 'symbol' | 'end';

export interface Token {
  kind: TokenKind;
  /** As written; a string's content. */
  text: string;
  at: number;
  number?: Numeric;
}

/** More is no rule: AWS takes 128 KB for a rule with all its actions. */
const MAX_STATEMENT = 128 * 1024;

const TOKEN =
  /\s+|(?<name>[A-Za-z_]\w*)|(?<variable>@\w+)|(?<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<string>'(?:[^']|'')*'|"(?:[^"]|"")*")|(?<symbol><>|!=|<=|>=|[()[\]{},.:*/%+\-=<>])/y;

/** Tokens of `text` from `from` up to `to`, ended by one of kind `end`. */
export function tokenize(text: string, from = 0, to = text.length): Token[] {
  if (text.length > MAX_STATEMENT) {
    throw new SqlError(
      'PW-RULE-SYNTAX',
      text,
      0,
      `The text has ${text.length} characters; AWS IoT takes ${MAX_STATEMENT}`,
    );
  }
  const source = text.slice(0, to);
  const tokens: Token[] = [];
  let at = from;
  while (at < to) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (match === null) throw unreadable(text, at);
    const { name, variable, number, string, symbol } = match.groups!;
    if (name !== undefined) tokens.push({ kind: 'name', text: name, at });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, at });
    else if (string !== undefined) tokens.push({ kind: 'string', text: unquote(string), at });
    else if (number !== undefined)
      tokens.push({ kind: 'number', text: number, at, number: numberOf(text, number, at) });
    else if (variable !== undefined) tokens.push({ kind: 'variable', text: variable, at });
    at += match[0].length;
  }
  tokens.push({ kind: 'end', text: '', at: to });
  return tokens;
}

function unquote(string: string): string {
  const quote = string[0];
  return string.slice(1, -1).replaceAll(quote + quote, quote);
}

function numberOf(text: string, number: string, at: number): Numeric {
  const value = parseNumeric(number);
  if (value === undefined) {
    throw new SqlError('PW-RULE-SYNTAX', text, at, `'${number}' is beyond 9.99E999, the greatest Decimal`);
  }
  return value;
}

function unreadable(text: string, at: number): SqlError {
  const character = text[at];
  if (character === "'" || character === '"') {
    return new SqlError('PW-RULE-SYNTAX', text, at, `A string that begins with ${character} has no end`, 'Close it.');
  }
  const what = `'${character}' does not belong to AWS IoT SQL`;
  return new SqlError('PW-RULE-SYNTAX', text, at, what, hintForCharacter(character));
}
