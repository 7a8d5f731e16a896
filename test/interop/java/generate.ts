/** What is committed of Java's answers. `write.ts` writes it. */
import { jodaAnswers, regexpAnswers, timeAnswers } from './fixtures.js';
import { zoneTable } from './zone-table.js';

const COUNT = 700;
const SEED = 20_261_121;

export const FILES = [
  'test/fixtures/joda-time.json',
  'test/fixtures/java-time.json',
  'test/fixtures/java-regexp.json',
  'rules/sql/time/zone-table.ts',
] as const;

/** Their texts, by path in the project. */
export function filesOf(jar: string): Record<(typeof FILES)[number], string> {
  return {
    'test/fixtures/joda-time.json': linesOf(jodaAnswers(jar, COUNT, SEED)),
    'test/fixtures/java-time.json': linesOf(timeAnswers(jar, COUNT, SEED)),
    'test/fixtures/java-regexp.json': linesOf(regexpAnswers(jar, COUNT, SEED)),
    'rules/sql/time/zone-table.ts': zoneTable(jar),
  };
}

function linesOf(answers: readonly object[]): string {
  return `[\n${answers.map((answer) => JSON.stringify(answer)).join(',\n')}\n]\n`;
}
