import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ListQuery, listPage } from '#cloud/local/s3/listing.js';

const SEED = 33;
const bytes = (text: string) => Buffer.from(text);
const inOrder = (keys: readonly string[]) => [...new Set(keys)].sort((a, b) => Buffer.compare(bytes(a), bytes(b)));

function over(keys: readonly string[]) {
  let reads = 0;
  const read = function* (from: Buffer) {
    for (const text of keys) {
      if (bytes(text).compare(from) < 0) continue;
      reads++;
      yield { key: bytes(text), position: bytes(text) };
    }
  };
  return { read, reads: () => reads };
}

/** Every page of a listing, as one sequence of keys and `<prefix>…`. */
function drain(keys: readonly string[], query: Omit<ListQuery, 'from' | 'after'> & { after?: string }) {
  const { read } = over(keys);
  const listed: string[] = [];
  let from: Buffer | undefined;
  do {
    const after = query.after === undefined ? undefined : bytes(query.after);
    const page = listPage(read, { ...query, after, from });
    const count = page.entries.length + page.commonPrefixes.length;
    expect(count).toBeLessThanOrEqual(query.max);
    if (page.next !== undefined) expect(count).toBe(query.max);
    listed.push(...page.entries.map(({ key }) => key.toString()), ...page.commonPrefixes.map((each) => `…${each}`));
    from = page.next;
  } while (from !== undefined);
  return listed;
}

/** What S3 promises, computed from all keys at once. */
function model(
  keys: readonly string[],
  { prefix, delimiter, after }: { prefix: string; delimiter: string; after?: string },
) {
  const wanted = keys.filter(
    (key) => key.startsWith(prefix) && (after === undefined || bytes(key).compare(bytes(after)) > 0),
  );
  const rolled = wanted.map((key) => {
    const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    return at < 0 ? key : `…${key.slice(0, at + delimiter.length)}`;
  });
  return [...new Set(rolled)];
}

it(`pages of any size together are what the model lists, each full but the last (seed ${SEED})`, () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '-', 'ä', '😀', '\uffee'), maxLength: 6 });
  const key = text.filter((each) => each !== '');
  fc.assert(
    fc.property(
      fc.array(key, { maxLength: 40 }),
      fc.record({
        prefix: fc.oneof(fc.constant(''), text),
        delimiter: fc.constantFrom('', '/', '/a', '😀'),
        after: fc.option(text, { nil: undefined }),
        max: fc.integer({ min: 1, max: 7 }),
      }),
      (drawn, query) => {
        const keys = inOrder(drawn);
        expect(drain(keys, query).sort()).toEqual(model(keys, query).sort());
      },
    ),
    { seed: SEED, numRuns: 1_000 },
  );
});

it('jumps over what is under a common prefix, and reads one entry beyond its page', () => {
  const keys = inOrder([
    ...Array.from({ length: 1_000 }, (_, i) => `a/${i}`),
    ...Array.from({ length: 1_000 }, (_, i) => `b/${i}`),
    'c',
    'd',
    'e',
  ]);
  const { read, reads } = over(keys);
  const page = listPage(read, { prefix: '', delimiter: '/', max: 4 });
  expect(page.commonPrefixes).toEqual(['a/', 'b/']);
  expect(page.entries.map(({ key }) => key.toString())).toEqual(['c', 'd']);
  expect(page.next).toBeDefined();
  expect(reads()).toBe(5);
});

it('an empty page is the last', () => {
  expect(listPage(over(['a']).read, { prefix: '', delimiter: '', max: 0 }).next).toBeUndefined();
});
