/** Joda-Time, java.time and java.util.regex themselves, asked again: what is committed of their answers, and fresh cases. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { INSTALL } from '../helpers/foreign-clients.js';
import { ROOT } from '../helpers/tree.js';
import { ourJodaAnswer, ourRegexpAnswer, ourTimeAnswer } from '../rules/sql/java-answers.js';
import { jodaAnswers, regexpAnswers, timeAnswers } from './java/fixtures.js';
import { FILES, filesOf } from './java/generate.js';
import { hasJdk, jodaJar } from './java/oracle.js';

const jar = jodaJar();
const ready = jar !== undefined && hasJdk();
const note = ready ? '' : ` (skipped: no JDK with Joda-Time; ${INSTALL})`;

/** The JDK whose answers are committed. */
const COMMITTED_JDK = '17';
const version = /version "(\d+)/.exec(spawnSync('java', ['-version'], { encoding: 'utf8' }).stderr ?? '')?.[1];

const SEED = 17;
const COUNT = 5_000;
/** Of 60,000 random patterns fifteen differed: `rules/sql/README.md` says in what. */
const MOST_DIFFERING = 3;

describe.skipIf(!ready)(`Java's own answers${note}`, () => {
  it.each([
    ['parse_time', 0, () => jodaAnswers(jar!, COUNT, SEED).map((java) => ({ java, ours: ourJodaAnswer(java) }))],
    ['time_to_epoch', 2, () => timeAnswers(jar!, COUNT, SEED).map((java) => ({ java, ours: ourTimeAnswer(java) }))],
    [
      'regexp_substr and regexp_replace',
      MOST_DIFFERING,
      () => regexpAnswers(jar!, COUNT, SEED).map((java) => ({ java, ours: ourRegexpAnswer(java) })),
    ],
  ])(`%s: at most %i of ${COUNT} random cases differ (seed ${SEED})`, (_name, most, compare) => {
    const differing = compare().filter(({ java, ours }) => JSON.stringify(ours) !== JSON.stringify(java));
    expect(differing.length, JSON.stringify(differing)).toBeLessThanOrEqual(most);
  });

  const other = version === COMMITTED_JDK ? '' : ` (skipped: made with JDK ${COMMITTED_JDK}, this is ${version})`;
  it.skipIf(version !== COMMITTED_JDK)(`what is committed is what Java answers today${other}`, () => {
    const made = filesOf(jar!);
    for (const file of FILES) expect(made[file] === readFileSync(join(ROOT, file), 'utf8'), file).toBe(true);
  });
});
