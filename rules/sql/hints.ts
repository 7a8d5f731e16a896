/** What a refusal suggests to somebody who writes SQL, or JavaScript, as it is elsewhere. */
import { nearest } from '#wire/nearest.js';

const KEYWORDS = 'SELECT FROM WHERE VALUE AS AND OR NOT IN EXISTS CASE WHEN THEN ELSE END SET'.split(' ');

/** By the token that does not fit, in upper case. */
const TOKENS: Record<string, string> = {
  IS: 'Write isNull(x) or isUndefined(x).',
  LIKE: 'Write startswith(x, y), endswith(x, y) or regexp_matches(x, y).',
  BETWEEN: 'Write x >= a AND x <= b.',
  NOT: 'NOT stands before what it negates: NOT x IN [1, 2].',
  WHEN: 'CASE has a value: CASE x WHEN 1 THEN … END.',
  GROUP: 'A rule sees one message at a time: there is no GROUP BY.',
  ORDER: 'A rule sees one message at a time: there is no ORDER BY.',
  LIMIT: 'A rule sees one message at a time: there is no LIMIT.',
  HAVING: 'A rule sees one message at a time: there is no HAVING.',
  JOIN: 'There is no JOIN; get_dynamodb looks an item up.',
  '=': 'Equal is written =, at least >=.',
  '.': 'A number begins with a digit: 0.5.',
  '+': 'A number has no sign +.',
};

/** By the character that no token begins with. */
const CHARACTERS: Record<string, string> = {
  ';': 'A statement ends without it.',
  '&': 'Write AND.',
  '|': 'Write OR, or + between texts.',
  '!': 'Write NOT, or <> for "differs from".',
  '`': 'Names stand without quotes.',
  $: 'Templates belong into actions; here a name stands as it is.',
};

const NO_AGGREGATES = 'A rule sees one message at a time: there are no aggregate functions.';

/** By the name of a function that there is elsewhere, in lower case. */
const FUNCTIONS: Record<string, string> = {
  avg: NO_AGGREGATES,
  count: NO_AGGREGATES,
  max: NO_AGGREGATES,
  min: NO_AGGREGATES,
  sum: NO_AGGREGATES,
  ceiling: 'Write ceil(x).',
  char: 'Write chr(x).',
  coalesce: 'Write nanvl(x, y) or get_or_default(x, y).',
  date_format: 'Write parse_time(pattern, milliseconds).',
  ifnull: 'Write nanvl(x, y) or get_or_default(x, y).',
  instr: 'Write indexof(x, y).',
  len: 'Write length(x).',
  now: 'Write timestamp().',
  pow: 'Write power(x, y).',
  size: 'Write length(x); of an array, there is no such function.',
  strlen: 'Write length(x).',
  substr: 'Write substring(x, from, to).',
  to_date: 'Write time_to_epoch(text, pattern).',
  unix_timestamp: 'Write time_to_epoch(text, pattern).',
  uuid: 'Write newuuid().',
};

/** Empty when there is nothing to suggest. */
export function hintForToken(word: string): string {
  const hint = TOKENS[word.toUpperCase()];
  if (hint !== undefined) return hint;
  const isKeyword = KEYWORDS.includes(word.toUpperCase());
  const near =
    word.length < 3 || isKeyword
      ? undefined
      : nearest(
          word,
          KEYWORDS.filter(({ length }) => length > 2),
        );
  return near === undefined ? '' : `Did you mean ${near}?`;
}

export function hintForCharacter(character: string): string {
  return CHARACTERS[character] ?? '';
}

/** `name` in lower case. */
export function hintForFunction(name: string, names: readonly string[]): string {
  const hint = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (hint !== undefined) return hint;
  const near = nearest(name, names);
  return near === undefined ? 'See the list of functions in rules/README.md.' : `Did you mean ${near}?`;
}
