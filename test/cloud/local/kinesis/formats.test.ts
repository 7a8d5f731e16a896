import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Batch, type BatchRecord, encodeBatch } from '#cloud/local/kinesis/batch.js';
import * as ranges from '#cloud/local/kinesis/hash-range.js';
import { formatIterator, parseIterator } from '#cloud/local/kinesis/iterator.js';
import { SequenceNumbers } from '#cloud/local/kinesis/sequence.js';
import { TokenBucket } from '#cloud/local/token-bucket.js';
import { seededRandom } from '#wire/random.js';

describe('hash ranges', () => {
  it.each([1, 2, 3, 7, 40])('%i equal shards cover every hash key once', (count) => {
    const split = ranges.splitEvenly(count);
    expect(split[0].starting).toBe('0'.repeat(32));
    expect(split.at(-1)!.ending).toBe('f'.repeat(32));
    for (let i = 1; i < count; i++) expect(ranges.join(split[i - 1], split[i])).toBeDefined();
  });

  it('routes by MD5, as a decimal number below 2^128', () => {
    const md5 = createHash('md5').update('car-24').digest('hex');
    expect(ranges.hashKeyOf('car-24')).toBe(md5);
    expect(ranges.toDecimal(md5)).toBe(BigInt(`0x${md5}`).toString());
    expect(ranges.parseHashKey(BigInt(`0x${md5}`).toString())).toBe(md5);
  });

  it('refuses what is no hash key', () => {
    expect(ranges.parseHashKey((2n ** 128n).toString())).toBeUndefined();
    expect(ranges.parseHashKey('-1')).toBeUndefined();
    expect(ranges.parseHashKey('007')).toBeUndefined();
  });

  it('splits inside only, and joins what it split', () => {
    const [whole] = ranges.splitEvenly(1);
    const middle = ranges.toHashKey(1n << 127n);
    const halves = ranges.splitAt(whole, middle)!;
    expect(ranges.join(halves[1], halves[0])).toEqual(whole);
    expect(ranges.splitAt(whole, whole.starting)).toBeUndefined();
    expect(ranges.splitAt(halves[0], middle)).toBeUndefined();
    const [first, , third] = ranges.splitEvenly(3);
    expect(ranges.join(first, third)).toBeUndefined();
  });
});

describe('token bucket', () => {
  it('bursts one second, then gains at its rate', () => {
    const bucket = new TokenBucket(5, 0);
    for (let i = 0; i < 5; i++) bucket.take(1, 0);
    expect(bucket.has(1, 199)).toBe(false);
    expect(bucket.has(1, 200)).toBe(true);
    expect(bucket.has(5, 60_000)).toBe(true);
    expect(bucket.has(6, 60_000)).toBe(false);
  });

  it('pays back what was overdrawn before it gives again', () => {
    const bucket = new TokenBucket(2, 0);
    bucket.take(10, 0);
    expect(bucket.has(1, 4_000)).toBe(false);
    expect(bucket.has(1, 4_500)).toBe(true);
  });

  it('lives with a clock that stands still or is behind', () => {
    const bucket = new TokenBucket(1, 1_000);
    bucket.take(1, 1_000);
    expect(bucket.has(1, 0)).toBe(false);
    expect(bucket.has(1, 1_000)).toBe(false);
    expect(bucket.has(1, 2_000)).toBe(true);
  });
});

describe('sequence numbers', () => {
  const createdAtMs = Date.UTC(2026, 10, 21);
  const sequence = new SequenceNumbers({ createdAtMs, index: 3 });

  it('are 56 digits that compare as text in the order of the records', () => {
    const numbers = [0, 1, 9, 10, 99_999, 2 ** 40].map((number) => sequence.format(number));
    expect(numbers.every((text) => /^[1-9]\d{55}$/.test(text))).toBe(true);
    expect([...numbers].sort()).toEqual(numbers);
    expect(numbers.map((text) => sequence.parse(text)?.number)).toEqual([0, 1, 9, 10, 99_999, 2 ** 40]);
  });

  it('have places between them, behind a record and before the next', () => {
    const behind = sequence.formatBehind(9);
    expect(behind > sequence.format(9) && behind < sequence.format(10)).toBe(true);
    expect(sequence.parse(behind)).toEqual({ number: 9, behind: true });
    expect(sequence.parse(sequence.format(9))).toEqual({ number: 9, behind: false });
  });

  it('rise from parent to child', () => {
    const child = new SequenceNumbers({ createdAtMs: createdAtMs + 1, index: 4 });
    expect(child.format(0) > sequence.format(2 ** 50)).toBe(true);
  });

  it('of another shard or of nobody are refused', () => {
    expect(sequence.parse(new SequenceNumbers({ createdAtMs, index: 4 }).format(1))).toBeUndefined();
    expect(sequence.parse('49')).toBeUndefined();
    expect(sequence.parse('LATEST')).toBeUndefined();
  });
});

describe('shard iterators', () => {
  const iterator = { streamId: 7, shardIndex: 12, next: 123_456_789, issuedAtMs: 1_795_255_599_162 };

  it('come back as they went', () => {
    expect(parseIterator(formatIterator(iterator))).toEqual(iterator);
  });

  it.each([
    '',
    'x',
    'AAAAAAAAAAE=',
    formatIterator(iterator).slice(1),
    `${formatIterator(iterator)}=`,
    'a'.repeat(513),
  ])('that were not issued here are refused: %j', (text) => expect(parseIterator(text)).toBeUndefined());
});

describe('batches', () => {
  const seed = 20_261_121;

  it(`give back any part of what was put (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const whole = (max: number) => Math.floor(random() * max);
    for (let round = 0; round < 200; round++) {
      const records: BatchRecord[] = Array.from({ length: 1 + whole(8) }, (_, i) => {
        const data = Buffer.alloc(whole(50), i).toString('base64');
        const partitionKey = ['car-1', 'Zoë "24"', '車\n', '\\'][whole(4)];
        const payloadBytes = Buffer.byteLength(data, 'base64') + Buffer.byteLength(partitionKey);
        return { sequenceNumber: String(i), data, partitionKey, payloadBytes };
      });
      const batch = new Batch(encodeBatch(records, 1_795_255_599_162.75));
      expect(batch).toMatchObject({ count: records.length, arrivedAtMs: 1_795_255_599_162.75 });
      const from = whole(records.length);
      const countMax = 1 + whole(10);
      const bytesMax = whole(200);
      const part = batch.take(from, countMax, bytesMax);
      const expected: BatchRecord[] = [];
      let bytes = 0;
      for (const record of records.slice(from, from + countMax)) {
        if (bytes + record.payloadBytes > bytesMax) break;
        bytes += record.payloadBytes;
        expected.push(record);
      }
      expect(part).toMatchObject({ count: expected.length, payloadBytes: bytes });
      expect(JSON.parse(`[${part.json.toString('utf8')}]`)).toEqual(
        expected.map(({ sequenceNumber, data, partitionKey }) => ({
          SequenceNumber: sequenceNumber,
          ApproximateArrivalTimestamp: 1_795_255_599.163,
          Data: data,
          PartitionKey: partitionKey,
        })),
      );
    }
  });
});
