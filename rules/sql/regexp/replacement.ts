/** Java's replacement texts (java.util.regex.Matcher.appendReplacement): `$1`, `${name}`, `\$`. */
import { PatternError } from './ast.js';
import type { Matcher } from './matcher.js';

export type Replacement = (match: Pick<Matcher, 'group'>) => string;

const PART = /\\(.)|\$\{([a-zA-Z][a-zA-Z0-9]*)\}|\$(\d+)|([^\\$]+)/sy;

/** @throws PatternError when it is not well formed or names a group that is not there */
export function parseReplacement(text: string, groups: number, names: ReadonlyMap<string, number>): Replacement {
  const parts: (string | number)[] = [];
  for (let at = 0; at < text.length; ) {
    PART.lastIndex = at;
    const match = PART.exec(text);
    if (match === null) throw new PatternError('Illegal group reference');
    const [whole, escaped, name, digits, literal] = match;
    at += whole.length;
    if (name !== undefined) {
      const group = names.get(name);
      if (group === undefined) throw new PatternError(`No group with name {${name}}`);
      parts.push(group);
    } else if (digits !== undefined) {
      const taken = groupDigits(digits, groups);
      parts.push(Number(taken), digits.slice(taken.length));
    } else {
      parts.push(escaped ?? literal);
    }
  }
  return (match) => parts.map((part) => (typeof part === 'string' ? part : (match.group(part) ?? ''))).join('');
}

/** As many digits as still name a group: with three groups, `$12` is the first group and a 2. */
function groupDigits(digits: string, groups: number): string {
  if (Number(digits[0]) > groups) throw new PatternError(`No group ${digits[0]}`);
  let length = 1;
  while (length < digits.length && Number(digits.slice(0, length + 1)) <= groups) length++;
  return digits.slice(0, length);
}
