import { randomInt } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import type { Item } from '#cloud/local/dynamodb/engine.js';
import { itemBytes } from '#cloud/local/dynamodb/item-size.js';
import { changeAtMs, changeBytes, changesNothing, renderChange } from '#cloud/local/dynamodb/streams/change.js';
import { formatIterator, parseIterator } from '#cloud/local/dynamodb/streams/iterator.js';
import { formatSequence, parseSequence } from '#cloud/local/dynamodb/streams/sequence.js';
import { seededRandom } from '#wire/random.js';

const engine = createRequire(import.meta.url)('dynalite/db/index.js') as { itemSize(item: Item): number };

function write(before: Item | undefined, item: Item | undefined) {
  const stored = before && { item: before, text: JSON.stringify(before) };
  return { table: 't', key: '000000/', before: stored, item, indexEntries: [], byService: false };
}

describe('sizes of items', () => {
  // Developer guide, "Capturing changes with DynamoDB Streams": SizeBytes 26, 59 and 38 of its three example records.
  it('are those of the records in the guide', () => {
    const keys = { Id: { N: '101' } };
    const first = { ...keys, Message: { S: 'New item!' } };
    const second = { ...keys, Message: { S: 'This item has changed' } };
    expect(itemBytes(keys) + itemBytes(first)).toBe(26);
    expect(itemBytes(keys) + itemBytes(second) + itemBytes(first)).toBe(59);
    expect(itemBytes(keys) + itemBytes(second)).toBe(38);
  });

  it('count bytes of texts, not characters', () => {
    expect(itemBytes({ ü: { S: '–' } })).toBe(2 + 3);
  });

  const seed = randomInt(2 ** 32);
  it(`are the engine's where text is ASCII (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const number = () => {
      const digits = 1 + Math.floor(random() * 12);
      const mantissa = Math.floor(random() * 10 ** digits);
      const scaled = BigInt(mantissa) * 10n ** BigInt(Math.floor(random() * 8));
      const fraction = random() < 0.5 ? '' : `.${'0'.repeat(Math.floor(random() * 4))}${1 + Math.floor(random() * 9)}`;
      return `${random() < 0.3 && scaled > 0n ? '-' : ''}${scaled}${fraction}`;
    };
    for (let i = 0; i < 500; i++) {
      const n = number();
      const item: Item = {
        pk: { S: 'x'.repeat(Math.floor(random() * 20)) },
        n: { N: n },
        all: {
          M: {
            l: { L: [{ N: number() }, { BOOL: true }, { NULL: true }, { B: 'AAEC' }] },
            ns: { NS: [number(), number()] },
            ss: { SS: ['a', 'bcd'] },
          },
        },
      };
      expect(itemBytes({ n: { N: n } }), n).toBe(engine.itemSize({ n: { N: n } }));
      expect(itemBytes(item)).toBe(engine.itemSize(item));
    }
  });
});

describe('a write that changes nothing', () => {
  const item: Item = { a: { S: 'x' }, s: { SS: ['p', 'q'] }, m: { M: { l: { L: [{ N: '1' }, { N: '2' }] } } } };
  it.each<[string, Item | undefined, Item | undefined, boolean]>([
    ['removes what is not there', undefined, undefined, true],
    ['puts the same', item, item, true],
    ['puts attributes and sets in another order', item, { s: { SS: ['q', 'p'] }, m: item.m, a: item.a }, true],
    ['swaps a list', item, { ...item, m: { M: { l: { L: [{ N: '2' }, { N: '1' }] } } } }, false],
    ['changes a type', { a: { S: '1' } }, { a: { N: '1' } }, false],
    ['renames an attribute', { a: { S: 'x' } }, { b: { S: 'x' } }, false],
    ['changes a set', item, { ...item, s: { SS: ['p', 'r'] } }, false],
    ['adds', item, { ...item, b: { S: '' } }, false],
    ['inserts', undefined, item, false],
    ['deletes', item, undefined, false],
  ])('%s', (_, before, after, expected) => {
    expect(changesNothing(write(before, after), after && JSON.stringify(after))).toBe(expected);
  });
});

describe('a stored record', () => {
  it('tells its size and its time without being parsed, whatever the item says', () => {
    const context = {
      region: 'us-east-1',
      viewType: 'NEW_AND_OLD_IMAGES' as const,
      keyNames: ['pk'],
      idPrefix: '0'.repeat(16),
    };
    const item: Item = { pk: { S: '"SizeBytes":1,"ApproximateCreationDateTime":2' } };
    const text = renderChange(context, write(item, undefined), undefined, 7, 1_700_000_000_999);
    const record = JSON.parse(text) as { dynamodb: { SizeBytes: number } };
    expect(changeBytes(text)).toBe(record.dynamodb.SizeBytes);
    expect(changeAtMs(text)).toBe(1_700_000_000_000);
  });
});

describe('numbers and iterators', () => {
  it('come back as they went, and nothing else does', () => {
    expect(parseSequence(formatSequence(Number.MAX_SAFE_INTEGER))).toBe(Number.MAX_SAFE_INTEGER);
    expect(formatSequence(9) < formatSequence(10)).toBe(true);
    expect([parseSequence('9'.repeat(21)), parseSequence('1'), parseSequence(`1${'9'.repeat(20)}`)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const iterator = { streamArn: 'arn:aws:dynamodb:a:0:table/t/stream/x', shardIndex: 3, next: 42, issuedAtMs: 5 };
    const text = formatIterator(iterator);
    expect(parseIterator(text)).toEqual(iterator);
    for (const wrong of [`${text}=`, `${text}A`, text.slice(0, -1), text.replace('|1|', '|2|'), '', 'a|1|b']) {
      expect(parseIterator(wrong)).toBeUndefined();
    }
  });
});
