/** What Java answers to the cases, in the shape of the fixtures. */
import type { JodaAnswer, RegexpAnswer, TimeAnswer } from '../../rules/sql/java-answers.js';
import { jodaCases } from './joda-cases.js';
import { ask } from './oracle.js';
import { regexpCases } from './regexp-cases.js';
import { timeDrafts } from './time-cases.js';

export function jodaAnswers(jar: string, count: number, seed: number): JodaAnswer[] {
  const cases = jodaCases(count, seed);
  const answers = ask(
    jar,
    cases.map(({ pattern, ms, zone }) => ['joda', pattern, String(ms), zone]),
  );
  return cases.map((each, i) => ({ ...each, text: answers[i]?.[0] ?? null }));
}

/** What is read when Java cannot write with a pattern. */
const SOME_TEXT = '2021-11-21 10:11:12';

export function timeAnswers(jar: string, count: number, seed: number): TimeAnswer[] {
  const drafts = timeDrafts(count, seed);
  const written = ask(
    jar,
    drafts.map(({ pattern, ms, zone }) => ['write', pattern, String(ms), zone]),
  );
  const cases = drafts.map(({ pattern, spoil }, i) => ({ text: spoil(written[i]?.[0] ?? SOME_TEXT), pattern }));
  const answers = ask(
    jar,
    cases.map(({ text, pattern }) => ['time', text, pattern]),
  );
  return cases.map((each, i) => ({ ...each, epochMs: answers[i] === undefined ? null : Number(answers[i][0]) }));
}

export function regexpAnswers(jar: string, count: number, seed: number): RegexpAnswer[] {
  const cases = regexpCases(count, seed);
  const answers = ask(
    jar,
    cases.map(({ pattern, text, by }) => ['regexp', pattern, text, by]),
  );
  return cases.map((each, i) => {
    const answer = answers[i];
    if (answer === undefined) return { ...each, found: 'error', replaced: null };
    const [found, replaced] = answer;
    if (!found.startsWith('=')) return { ...each, found: null, replaced: null };
    return { ...each, found: [found.slice(1)], replaced: replaced.startsWith('=') ? replaced.slice(1) : null };
  });
}
