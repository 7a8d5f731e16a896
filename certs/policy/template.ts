/**
 * Text of a policy with what stands for other text:
 *
 *     *  any run of characters    ?  one character    ${name}  a variable    ${*} ${?} ${$}  those characters themselves
 *
 * `+` and `#` are plain characters. Whether wildcards and variables are meant depends on where the text stands and on the
 * policy's version, so both are options.
 */
import { type Key, parseKey } from './keys.js';

export type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'one' }
  /** `key` is undefined for a variable that AWS IoT does not have: it never resolves. */
  | { readonly kind: 'variable'; readonly name: string; readonly key: Key | undefined };

export type ResolvedToken = Exclude<Token, { kind: 'variable' }>;

export interface Template {
  readonly text: string;
  readonly tokens: readonly Token[];
}

export interface TemplateOptions {
  variables: boolean;
  wildcards: boolean;
}

const ESCAPED = new Set(['*', '?', '$']);
const ANY: Token = { kind: 'any' };
const ONE: Token = { kind: 'one' };

/** Undefined when a `${` is not closed. */
export function parseTemplate(text: string, { variables, wildcards }: TemplateOptions): Template | undefined {
  const tokens: Token[] = [];
  let plain = '';
  const push = (token: Token) => {
    if (plain !== '') tokens.push({ kind: 'text', text: plain });
    plain = '';
    tokens.push(token);
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (variables && text.startsWith('${', at)) {
      const end = text.indexOf('}', at);
      if (end < 0) return undefined;
      const name = text.slice(at + 2, end);
      if (ESCAPED.has(name)) plain += name;
      else push({ kind: 'variable', name, key: parseKey(name) });
      at = end;
    } else if (wildcards && character === '*') push(ANY);
    else if (wildcards && character === '?') push(ONE);
    else plain += character;
  }
  if (plain !== '') tokens.push({ kind: 'text', text: plain });
  return { text, tokens };
}

/** Text that has wildcards and no variables. */
export function wildcardTokens(text: string): ResolvedToken[] {
  const tokens = text.split(/([*?])/).filter((piece) => piece !== '');
  return tokens.map((piece) =>
    piece === '*' ? { kind: 'any' } : piece === '?' ? { kind: 'one' } : { kind: 'text', text: piece },
  );
}

/** Undefined when a variable has no value. A value stands for itself: `*` and `?` in it are no wildcards. */
export function resolve(
  { tokens }: Template,
  textOfKey: (key: Key) => string | undefined,
): readonly ResolvedToken[] | undefined {
  const resolved: ResolvedToken[] = [];
  for (const token of tokens) {
    if (token.kind !== 'variable') {
      resolved.push(token);
      continue;
    }
    const value = token.key && textOfKey(token.key);
    if (value === undefined) return undefined;
    resolved.push({ kind: 'text', text: value });
  }
  return resolved;
}

export function variablesIn({ tokens }: Template): Extract<Token, { kind: 'variable' }>[] {
  return tokens.filter((token) => token.kind === 'variable');
}
