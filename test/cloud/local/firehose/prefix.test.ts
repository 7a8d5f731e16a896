import { describe, expect, it } from 'vitest';
import { compileDateWriter } from '#cloud/local/firehose/java-date.js';
import { compilePrefix } from '#cloud/local/firehose/prefix.js';
import { compileKeyQuery } from '#cloud/local/firehose/query.js';
import { regionOf, UTC } from '#rules/sql/time/zones.js';

const AT = Date.UTC(2026, 10, 1, 3, 4, 5, 67);
const code = (work: () => unknown) => {
  try {
    work();
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('timestamps in prefixes (java.time patterns)', () => {
  it.each([
    ['yyyy/MM/dd/HH', '2026/11/01/03'],
    ["'year='yyyy'/month='MM", 'year=2026/month=11'],
    ["yyyy'-'MM''dd", "2026-11'01"],
    ['yy D DDD', '26 305 305'],
    ['MMM MMMM MMMMM', 'Nov November N'],
    ['E EEEE', 'Sun Sunday'],
    ['h a K k', '3 AM 3 3'],
    ['H:m:s HH:mm:ss.SSS', '3:4:5 03:04:05.067'],
    ['Q QQQ', '4 Q4'],
    ['u-L-d', '2026-11-1'],
    ["HH'h'X xxx Z z VV", '03hZ +00:00 +0000 UTC UTC'],
  ])('%s', (pattern, text) => {
    expect(compileDateWriter(pattern)?.(AT, UTC)).toBe(text);
  });

  it('are the clocks of the zone, on both sides of the end of summer time', () => {
    const write = compileDateWriter('yyyy-MM-dd HH XXX');
    const zone = regionOf('America/New_York')!;
    expect(write?.(Date.UTC(2026, 10, 1, 5, 30), zone)).toBe('2026-11-01 01 -04:00');
    expect(write?.(Date.UTC(2026, 10, 1, 6, 30), zone)).toBe('2026-11-01 01 -05:00');
  });

  it.each(['', 'yyyy{', 'I', 'ddd', "'open", '[HH]', 'ww'])('"%s" is none, or is not served', (pattern) => {
    expect(compileDateWriter(pattern)).toBeUndefined();
  });
});

describe('prefixes', () => {
  it('have expressions of all namespaces', () => {
    const text =
      'a/!{timestamp:yyyy}/!{partitionKeyFromQuery:car}/!{partitionKeyFromLambda:lap}/!{firehose:error-output-type}/!{firehose:random-string}/!{firehose:random-string}';
    const prefix = compilePrefix(text, 'Prefix');
    const evaluated = prefix.evaluate({
      arrivalMs: AT,
      zone: UTC,
      errorOutputType: 'x',
      keys: { car: '24', lap: '7' },
    });
    const parts = evaluated.split('/');
    expect(parts.slice(0, 5)).toEqual(['a', '2026', '24', '7', 'x']);
    expect(parts.slice(5)).toEqual([expect.stringMatching(/^\w{11}$/), expect.stringMatching(/^\w{11}$/)]);
    expect(parts[5]).not.toBe(parts[6]);
    expect(prefix.keys).toEqual({ partitionKeyFromQuery: ['car'], partitionKeyFromLambda: ['lap'] });
  });

  it('without any are text', () => {
    const prefix = compilePrefix('raw/{x}/!', 'Prefix');
    expect([prefix.hasExpressions, prefix.evaluate({ arrivalMs: AT, zone: UTC })]).toEqual([false, 'raw/{x}/!']);
  });

  it.each([
    '!{timestamp:yyyy',
    '!{}',
    '!{firehose:other}',
    '!{other:x}',
    '!{timestamp:bbb}',
    '!{partitionKeyFromQuery:}',
  ])('are refused: %s', (text) => {
    expect(code(() => compilePrefix(text, 'Prefix'))).toBe('InvalidArgumentException');
  });
});

describe('partition keys out of a record', () => {
  it('are paths', () => {
    const query = compileKeyQuery('{car: .thing, "the year":.event.time[0], odd : ."a b"["c"]}');
    expect(query.names).toEqual(['car', 'the year', 'odd']);
    const record = { thing: 'car-24', event: { time: [2026] }, 'a b': { c: true } };
    expect(query.keysOf(record)).toEqual({ car: 'car-24', 'the year': '2026', odd: 'true' });
  });

  it.each([[{ thing: 'car-24' }], [{ thing: { id: 1 } }], [{ thing: null }], ['text'], [undefined]])(
    'are none without a value for each: %j',
    (record) => {
      expect(compileKeyQuery('{car:.thing,lap:.lap}').keysOf(record)).toBeUndefined();
    },
  );

  it.each([
    '',
    '.thing',
    '{}',
    '{car:.thing|tostring}',
    '{car:(.a)}',
    '{car:.a,}',
    '{car:.a} + {b:.c}',
    '{car:.a // "x"}',
  ])('refuse what computes: %s', (text) => {
    expect(code(() => compileKeyQuery(text))).toBe('InvalidArgumentException');
  });
});
