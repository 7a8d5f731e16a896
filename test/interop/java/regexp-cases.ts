/** Cases for regexp_matches, regexp_substr and regexp_replace: random patterns of java.util.regex, texts, replacements. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: replacement texts of Java, not templates of JavaScript
import { seededRandom } from '#wire/random.js';

export interface RegexpCase {
  pattern: string;
  text: string;
  by: string;
}

/** Not among them are classes such as `\p{Lu}`: whether `(?i)` lets one match small letters differs from one JDK to the next. */
const ATOMS = [
  ...'aabbcc1.',
  '[ab]',
  '[^a]',
  '[a-c&&[^b]]',
  '[a-z&&[bc]]',
  '[\\w&&[^\\d]]',
  '[a[bc]]',
  '[^\\s]',
  '[\\p{L}]',
  '\\w',
  '\\W',
  '\\d',
  '\\D',
  '\\s',
  '\\S',
  '\\h',
  '\\v',
  '\\R',
  '\\p{L}',
  '\\P{L}',
  '\\p{Alpha}',
  '\\p{Punct}',
  '\\p{IsLatin}',
  '\\x61',
  '\\u0062',
  '\\t',
  '\\Qa.\\E',
  '\\.',
  'é',
  '😀',
  '-',
  ' ',
  '#',
];
const ANCHORS = ['^', '$', '\\b', '\\B', '\\A', '\\z', '\\Z', '\\G'];
const OPENINGS = ['(', '(', '(?:', '(?<n>', '(?=', '(?!', '(?<=', '(?<!', '(?>', '(?i:', '(?s-i:', '(?m:', '(?u:'];
const QUANTIFIERS = ['*', '+', '?', '{2}', '{1,2}', '{1,}', '{0,3}'];
const FLAGS = ['(?i)', '(?s)', '(?m)', '(?x)', '(?d)', '(?iu)', '(?U)', '(?-i)'];
const REFERENCES = ['\\1', '\\2', '\\k<n>'];
const TEXTS = [...'aaabbbccc1. -#AB', 'é', 'É', '😀', '\n', '\r\n', '\t', '\u0085'];
const REPLACEMENTS = ['$0', '[$1]', '$2$1', '${n}', '\\$', '$12', 'x', '', '$', '\\', 'a$0b$0', '$3'];

/** Look-behind needs an obvious greatest length: what repeats without an end is left out of it. */
export function regexpCases(count: number, seed: number): RegexpCase[] {
  const random = seededRandom(seed);
  const pick = <Item>(from: readonly Item[]): Item => from[Math.floor(random() * from.length)];
  const atom = (depth: number, bounded: boolean): string => {
    const choice = random();
    if (depth > 0 && choice < 0.25) {
      const opening = pick(OPENINGS);
      return `${opening}${sequence(depth - 1, bounded || opening.startsWith('(?<=') || opening.startsWith('(?<!'))})`;
    }
    if (choice < 0.32) return pick(ANCHORS);
    if (choice < 0.36 && !bounded) return pick(REFERENCES);
    return pick(ATOMS);
  };
  const sequence = (depth: number, bounded: boolean): string => {
    let text = random() < 0.06 ? pick(FLAGS) : '';
    for (let i = 0; i < 1 + random() * 2; i++) {
      text += atom(depth, bounded);
      if (!bounded && random() < 0.3) text += pick(QUANTIFIERS) + pick(['', '', '?', '+']);
    }
    return random() < 0.2 ? `${text}|${sequence(depth, bounded)}` : text;
  };
  return Array.from({ length: count }, () => ({
    pattern: sequence(2, false),
    text: Array.from({ length: Math.floor(random() * 14) }, () => pick(TEXTS)).join(''),
    by: pick(REPLACEMENTS),
  }));
}
