import type { ResolvedToken } from './template.js';

/** Whether a text matches a pattern, whole. */
export type Matches = (text: string) => boolean;

/** Places of a pattern that stand for other text; characters are their UTF-16 codes, which are never negative. */
const ANY = -1;
const ONE = -2;

/**
 * Compiles text with wildcards. Never slower than pattern × text: hostile topics meet patterns of many stars here, and
 * regular expressions would back-track.
 */
export function compileGlob(tokens: readonly ResolvedToken[]): Matches {
  if (tokens.some(({ kind }) => kind === 'one')) {
    const pattern = Int32Array.from(tokens.flatMap(codesOf));
    return (text) => matchesPattern(pattern, text);
  }
  const pieces = piecesBetweenStars(tokens);
  if (pieces.length === 1) {
    const [whole] = pieces;
    return (text) => text === whole;
  }
  const [prefix, ...middles] = pieces;
  const suffix = middles.pop() ?? '';
  if (middles.length === 0 && suffix === '') return (text) => text.startsWith(prefix);
  return (text) =>
    text.length >= prefix.length + suffix.length &&
    text.startsWith(prefix) &&
    text.endsWith(suffix) &&
    hasInOrder(text, middles, prefix.length, text.length - suffix.length);
}

function piecesBetweenStars(tokens: readonly ResolvedToken[]): string[] {
  const pieces = [''];
  for (const token of tokens) {
    if (token.kind === 'text') pieces[pieces.length - 1] += token.text;
    else pieces.push('');
  }
  return pieces;
}

/** The first place of each piece leaves the most room for those that follow. */
function hasInOrder(text: string, pieces: readonly string[], from: number, end: number): boolean {
  let at = from;
  for (const piece of pieces) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}

/** The tokens as plain text: wildcards stand for themselves. */
export function textOf(tokens: readonly ResolvedToken[]): string {
  return tokens.map((token) => (token.kind === 'text' ? token.text : token.kind === 'any' ? '*' : '?')).join('');
}

function codesOf(token: ResolvedToken): number[] {
  if (token.kind === 'any') return [ANY];
  if (token.kind === 'one') return [ONE];
  return Array.from({ length: token.text.length }, (_, at) => token.text.charCodeAt(at));
}

/** Takes as little as possible for a star, and goes back to the last one only: earlier ones need never take more. */
function matchesPattern(pattern: Int32Array, text: string): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const wanted = place < pattern.length ? pattern[place] : undefined;
    if (wanted === ANY) {
      star = place++;
      starAt = at;
    } else if (wanted === ONE) {
      at += characterLength(text, at);
      place++;
    } else if (wanted === text.charCodeAt(at)) {
      at++;
      place++;
    } else if (star >= 0) {
      starAt += characterLength(text, starAt);
      at = starAt;
      place = star + 1;
    } else return false;
  }
  while (place < pattern.length && pattern[place] === ANY) place++;
  return place === pattern.length;
}

/** A character beyond the basic plane takes two codes. */
function characterLength(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
