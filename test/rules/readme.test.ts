import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SERVED_FUNCTIONS, UNSERVED_FUNCTIONS } from '#rules/sql/functions/index.js';

const readme = readFileSync(new URL('../../rules/README.md', import.meta.url), 'utf8');
/** Names in code between two marks. */
function namesBetween(from: string, to: string): string[] {
  const text = readme.slice(readme.indexOf(from), readme.indexOf(to));
  return [...text.matchAll(/`(\w+)`/g)].map(([, name]) => name);
}

it('the README lists the functions that are served', () => {
  expect(namesBetween('Functions:', '| not served').toSorted()).toEqual(SERVED_FUNCTIONS);
});

it('and those that are refused', () => {
  const refused = namesBetween('| not served', 'Where the guide is silent');
  expect(refused).toEqual(expect.arrayContaining([...UNSERVED_FUNCTIONS]));
  expect(refused.filter((name) => SERVED_FUNCTIONS.includes(name))).toEqual(['parse_time']);
});
