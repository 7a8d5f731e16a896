import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FUNCTION_NAMES } from '#rules/sql/functions/index.js';

const readme = readFileSync(new URL('../../rules/README.md', import.meta.url), 'utf8');

it('the README lists every function', () => {
  const list = readme.slice(readme.indexOf('Functions:'), readme.indexOf('| not served'));
  expect([...list.matchAll(/`(\w+)`/g)].map(([, name]) => name).toSorted()).toEqual(FUNCTION_NAMES);
});
