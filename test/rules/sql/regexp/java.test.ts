// biome-ignore-all lint/suspicious/noTemplateCurlyInString: replacement texts of Java, not templates of JavaScript
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { JavaRegExp, PatternError, PatternUnserved } from '#rules/sql/regexp/index.js';
import { Work } from '#rules/sql/work.js';
import { seededRandom } from '#wire/random.js';
import { ourRegexpAnswer, type RegexpAnswer } from '../java-answers.js';

const work = () => new Work(() => 0);
const first = (pattern: string, text: string) => new JavaRegExp(pattern).first(text, work());
const replaced = (pattern: string, text: string, by: string) => {
  const expression = new JavaRegExp(pattern);
  return expression.replace(text, expression.replacement(by), work(), () => {});
};

describe('what a pattern finds first', () => {
  it.each([
    ['(hi)*', 'hihihello', 'hihi'],
    ['b|bc', 'abc', 'b'],
    ['a+?', 'aaa', 'a'],
    ['a*+a', 'aaa', undefined],
    ['(?>a*)a', 'aaa', undefined],
    ['(a\\1?){2}', 'aaaa', 'aaa'],
    ['(?:a|ab){2}+c', 'abac', undefined],
    ['(?x)a* ?', 'aa', ''],
    ['\\b{2}a', 'a', 'a'],
    ['a{2,3}', 'aaaa', 'aaa'],
    ['a{2,3}?', 'aaaa', 'aa'],
    ['(?:ab){2}', 'ababab', 'abab'],
    ['(?:a|ab)(?:c|bcd)(?:d*)', 'abcd', 'abcd'],
    ['(a*)*', 'b', ''],
    ['(?:a?)*b', 'aab', 'aab'],
    ['(a|b)*c', 'xababc', 'ababc'],
    ['[a-c&&[^b]]+', 'abcac', 'a'],
    ['[a-z&&[def]]+', 'abcdefg', 'def'],
    ['[^a-b[c-d]]+', 'abcdxy', 'xy'],
    ['[]a]+', 'x]a', ']a'],
    ['[a-]+', 'b-a', '-a'],
    ['[\\w&&[^\\d]]+', '12ab3', 'ab'],
    ['\\Qa.b\\E+', 'a.bbb', 'a.bbb'],
    ['\\x41\\u0042\\0103\\cD', 'ABC\u0004', 'ABC\u0004'],
    ['\\x{1F600}', 'a😀', '😀'],
    ['\\uD83D\\uDE00', 'a😀', '😀'],
    ['^.$', '😀', '😀'],
    ['(\\w)\\1', 'hello', 'll'],
    ['(?<c>\\w)\\k<c>', 'hello', 'll'],
    ['(a)(b)(c)\\11', 'abca1', 'abca1'],
    ['(?i)straSSe', 'STRASSE', 'STRASSE'],
    ['(?i)é', 'É', undefined],
    ['(?iu)é', 'É', 'É'],
    ['(?i)[^a]', 'Ab', 'b'],
    ['(?i:a)b', 'AB Ab', 'Ab'],
    ['(?x) a b # c\n c', 'abc', 'abc'],
    ['a.c', 'a\nc', undefined],
    ['(?s)a.c', 'a\nc', 'a\nc'],
    ['a.c', 'a\u0085c', undefined],
    ['(?d)a.c', 'a\u0085c', 'a\u0085c'],
    ['a$', 'a\n', 'a'],
    ['a\\z', 'a\n', undefined],
    ['a\\Z', 'a\r\n', 'a'],
    ['(?m)^b$', 'a\nb\nc', 'b'],
    ['\\bfoo\\b', 'a foo.', 'foo'],
    ['\\Boo', 'foo', 'oo'],
    ['\\bé', 'xé é', 'é'],
    ['foo(?=bar)', 'foobaz foobar', 'foo'],
    ['foo(?!bar)...', 'foobar foobaz', 'foobaz'],
    ['(?<=\\$)\\d+', 'cost $42', '42'],
    ['(?<!a|bc)d', 'ad bcd xd', 'd'],
    ['(?<=a{1,3})b', 'aab', 'b'],
    ['\\R', 'a\r\nb', '\r\n'],
    ['\\h+', 'a \tb', ' \t'],
    ['\\p{Lu}+', 'abCDe', 'CD'],
    ['\\p{IsGreek}+', 'abγδ', 'γδ'],
    ['\\p{IsAlphabetic}+', '12é', 'é'],
    ['\\p{sc=Latin}+', 'γab', 'ab'],
    ['\\P{L}+', 'ab12', '12'],
    ['\\pN+', 'ab12', '12'],
    ['\\p{Punct}+', 'a!?', '!?'],
    ['\\p{javaUpperCase}', 'aB', 'B'],
    ['\\d+', '٣4', '4'],
    ['(?U)\\d+', 'x٣4', '٣4'],
    ['(?:(a)|b)*', 'ab', 'ab'],
    ['', 'abc', ''],
    ['\\1(a)', 'aa', undefined],
  ])('/%s/ in %j: %j', (pattern, text, found) => expect(first(pattern, text)).toBe(found));
});

describe('what is no pattern in Java', () => {
  it.each(['(', ')', '[a', '*a', 'a**', 'a{2,1}', '{', 'a{,3}', '\\', '\\y', '[b-a]', '(?<n>a)(?<n>b)', '\\k<n>'])(
    '%s',
    (pattern) => expect(() => new JavaRegExp(pattern)).toThrow(PatternError),
  );
  it.each(['(?<=a*)b', '(?z)a', '\\p{Nope}', '\\p{IsNope}', '\\xZ', '\\u12', '\\08', '(?', '[a&&', 'a{99999999999}'])(
    '%s',
    (pattern) => expect(() => new JavaRegExp(pattern)).toThrow(PatternError),
  );
  it.each(['\\p{InGreek}', '\\X', '\\N{DIGIT ONE}', '\\b{g}', '('.repeat(500)])(
    '%s is Java’s, and not served',
    (pattern) => expect(() => new JavaRegExp(pattern)).toThrow(PatternUnserved),
  );
});

describe('replacing', () => {
  it.each([
    ['b(.*)d', 'abcd', '$1', 'ac'],
    ['x*', 'abc', '-', '-a-b-c-'],
    ['a*', 'baaac', '-', '-b--c-'],
    ['(?<l>\\w)(\\d)', 'a1 b2', '$2${l}', '1a 2b'],
    ['(a)', 'a', '$12', 'a2'],
    ['a', 'a', '\\$1\\\\', '$1\\'],
    ['(a)|b', 'b', '[$1]', '[]'],
    ['\\G\\d', '12a3', 'x', 'xxa3'],
    ['😀', 'a😀b', '', 'ab'],
  ])('/%s/ in %j by %j: %j', (pattern, text, by, result) => expect(replaced(pattern, text, by)).toBe(result));

  it.each(['$', '$2', '${none}', '$x', '\\'])('%j is no replacement', (by) =>
    expect(() => replaced('(a)', 'a', by)).toThrow(PatternError),
  );
});

describe('what would take for ever ends', () => {
  it.each([
    ['(a+)+$', `${'a'.repeat(40)}!`],
    ['(a|aa)+$', `${'a'.repeat(80)}!`],
    ['(.*)*x', 'a'.repeat(200)],
    ['(\\w+\\s?)+\\z', `${'word '.repeat(40)}!`],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(60)],
  ])('/%s/ in %j', (pattern, text) =>
    expect(() => first(pattern, text)).toThrow(expect.objectContaining({ code: 'PW-RULE-LIMIT' })),
  );

  it('and so does what would fill the memory', () => {
    expect(() => first('(?:a|b)*c', 'ab'.repeat(400_000))).toThrow(expect.objectContaining({ code: 'PW-RULE-LIMIT' }));
  });

  it('a pattern without choices runs through a whole payload', () => {
    expect(first('\\d+', `${'x'.repeat(130_000)}42`)).toBe('42');
  });
});

const SEED = 7;

it(`agrees with ECMAScript where the dialects agree (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)];
  const atom = (depth: number): string => {
    if (depth === 0 || random() < 0.6) return pick(['a', 'b', '.', '[ab]', '[^a]', '\\w', '\\d', 'c', '^', '$', '\\b']);
    const open = pick(['(?:', '(', '(?=', '(?!']);
    return `${open}${sequence(depth - 1)})`;
  };
  const sequence = (depth: number): string => {
    let text = '';
    for (let i = 0; i < 1 + random() * 3; i++) {
      const item = atom(depth);
      const quantifies = !/^(\^|\$|\\b|\(\?[=!])/.test(item) && random() < 0.4;
      text += quantifies ? item + pick(['*', '+', '?', '{1,2}', '*?', '+?', '??', '{2}']) : item;
    }
    return random() < 0.2 ? `${text}|${sequence(depth)}` : text;
  };
  let matched = 0;
  for (let i = 0; i < 3_000; i++) {
    const pattern = sequence(3);
    const text = Array.from({ length: Math.floor(random() * 8) }, () => pick(['a', 'b', 'c', '1', ' '])).join('');
    const expected = new RegExp(pattern).exec(text)?.[0];
    // Iterations that match nothing: ECMAScript goes back on them, Java does not.
    if (/[*+?}][^)]*\)[*+?{]/.test(pattern)) continue;
    expect({ pattern, text, found: first(pattern, text) }).toEqual({ pattern, text, found: expected });
    matched += expected === undefined ? 0 : 1;
  }
  expect(matched).toBeGreaterThan(300);
});

it('agrees with OpenJDK on random patterns', () => {
  const url = new URL('../../../fixtures/java-regexp.json', import.meta.url);
  const answers: RegexpAnswer[] = JSON.parse(readFileSync(url, 'utf8'));
  for (const answer of answers) expect(ourRegexpAnswer(answer)).toEqual(answer);
  expect(answers.filter(({ found }) => Array.isArray(found)).length).toBeGreaterThan(100);
});
