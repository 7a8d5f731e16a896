import { expect, it } from 'vitest';
import { matchesFilter } from '#rules/sql/topic-filter.js';
import { TopicTrie } from '#rules/topic-trie.js';
import { seededRandom } from '#wire/random.js';

it.each([
  ['a/#', 'a', false],
  ['a/#', 'a/', true],
  ['a/#', 'a/b/c', true],
  ['#', 'a', true],
  ['#', '$aws/things/car-1', false],
  ['+/things/#', '$aws/things/car-1', false],
  ['$aws/+/#', '$aws/things/car-1', true],
  ['a/+', 'a', false],
  ['a/+', 'a/', true],
  ['a/+', 'a/b/c', false],
  ['+', 'a', true],
  ['a/b', 'A/b', false],
])('%s and %s: %s', (filter, topic, matches) => {
  expect(matchesFilter(filter, topic)).toBe(matches);
  const trie = new TopicTrie<string>();
  trie.add(filter, filter);
  expect(trie.match(topic)).toEqual(matches ? [filter] : []);
});

const SEED = 7;

it(`the trie finds what a scan of all filters finds (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)];
  const levels = (from: readonly string[]) => Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(from));
  const trie = new TopicTrie<string>();
  const filters = new Set<string>();
  while (filters.size < 150) {
    const filter = [...levels(['a', 'b', '', '+', '$x']), ...(random() < 0.3 ? ['#'] : [])].join('/');
    if (!filters.has(filter)) trie.add(filter, filter);
    filters.add(filter);
  }
  for (let i = 0; i < 2000; i++) {
    const topic = levels(['a', 'b', 'c', '', '$x']).join('/');
    const scan = [...filters].filter((filter) => matchesFilter(filter, topic));
    expect(trie.match(topic).sort()).toEqual(scan.sort());
  }
});
