import { refusal } from './refusal.js';

export interface Token {
  kind: 'number' | 'name' | 'quoted' | 'unit' | 'symbol' | 'end';
  /** Without quotes and brackets. */
  text: string;
  at: number;
}

/** Sticky, longest symbol first. */
const PATTERNS = [
  ['number', /(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/y],
  ['name', /([A-Za-z_][A-Za-z0-9_.]*)/y],
  ['quoted', /"([^"]+)"/y],
  ['quoted', /'([^']+)'/y],
  ['unit', /\[([^\]]*)\]/y],
  ['symbol', /(<=|>=|==|!=|[<>+\-*/%(),])/y],
] as const;

const SPACE = /\s*/y;

/** By what somebody who writes another language puts. */
const HINTS: Record<string, string> = {
  '=': ' Equal is written ==.',
  '&': ' Write and.',
  '|': ' Write or.',
  '!': ' Write not, or != for "differs from".',
  '^': ' Write pow(x, y).',
  '?': ' Write if(condition, x, y).',
  '.': ' A number begins with a digit: 0.5.',
  '"': ' The quote is not closed.',
  "'": ' The quote is not closed.',
};

/** Splits an expression into tokens, the last of kind `end`. Raises PW-EXPRESSION-SYNTAX. */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  let at = spaceEnd(text, 0);
  while (at < text.length) {
    const token = tokenAt(text, at);
    found.push(token.token);
    at = spaceEnd(text, token.end);
  }
  found.push({ kind: 'end', text: '', at: text.length });
  return found;
}

function tokenAt(text: string, at: number): { token: Token; end: number } {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) return { token: { kind, text: match[1], at }, end: pattern.lastIndex };
  }
  throw refusal('PW-EXPRESSION-SYNTAX', `No word begins with ${text[at]}`, text, at, HINTS[text[at]]);
}

function spaceEnd(text: string, at: number): number {
  SPACE.lastIndex = at;
  SPACE.exec(text);
  return SPACE.lastIndex;
}
