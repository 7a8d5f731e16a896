/**
 * Amazon resource names: `arn:partition:service:region:account:rest`. A wildcard stays within its part, except in the last
 * part given, which takes the rest, colons and all: `arn:aws:iot:*` covers every region, account and resource.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
import { compileGlob, type Matches } from './glob.js';
import type { ResolvedToken } from './template.js';

const PARTS = 6;

export function compileArn(tokens: readonly ResolvedToken[]): Matches {
  const parts = splitPattern(tokens);
  // With wildcards in the last part alone, the colons before it are as literal as the rest.
  if (parts.slice(0, -1).every((part) => part.every(({ kind }) => kind === 'text'))) return compileGlob(tokens);
  const globs = parts.map(compileGlob);
  return (arn) => {
    const texts = splitText(arn, globs.length);
    return texts.length === globs.length && globs.every((matches, index) => matches(texts[index]));
  };
}

/** ArnEquals and ArnLike: all six parts must be there on both sides. */
export function compileWholeArn(tokens: readonly ResolvedToken[]): Matches {
  const globs = splitPattern(tokens).map(compileGlob);
  return (arn) => {
    const texts = splitText(arn, PARTS);
    return globs.length === PARTS && texts.length === PARTS && globs.every((matches, index) => matches(texts[index]));
  };
}

function splitPattern(tokens: readonly ResolvedToken[]): ResolvedToken[][] {
  const parts: ResolvedToken[][] = [[]];
  for (const token of tokens) {
    if (token.kind !== 'text') {
      parts[parts.length - 1].push(token);
      continue;
    }
    const [first, ...rest] = splitText(token.text, PARTS - parts.length + 1);
    if (first !== '') parts[parts.length - 1].push({ kind: 'text', text: first });
    for (const text of rest) parts.push(text === '' ? [] : [{ kind: 'text', text }]);
  }
  return parts;
}

/** At most `count` pieces; the last takes what is left. */
function splitText(text: string, count: number): string[] {
  const pieces: string[] = [];
  let from = 0;
  while (pieces.length < count - 1) {
    const colon = text.indexOf(':', from);
    if (colon < 0) break;
    pieces.push(text.slice(from, colon));
    from = colon + 1;
  }
  pieces.push(text.slice(from));
  return pieces;
}
