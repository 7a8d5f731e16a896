import { expect, test } from 'vitest';
import { matchesFilter } from '#device/uplink/filter.js';

test.each([
  ['a/b', 'a/b', true],
  ['a/+', 'a/b', true],
  ['a/+', 'a', false],
  ['a/+', 'a/b/c', false],
  ['a/#', 'a', true],
  ['a/#', 'a/b/c', true],
  ['+/b', 'a/b', true],
  ['+/+', '/b', true],
  ['#', 'a/b', true],
  ['#', '$aws/things', false],
  ['+/things', '$aws/things', false],
  ['$aws/#', '$aws/things', true],
  ['a/b', 'a/B', false],
])('%s on %s: %s', (filter, topic, matches) => expect(matchesFilter(filter, topic)).toBe(matches));
