import { describe, expect, test } from 'vitest';
import { RICE_FROM } from '#wire/column-code.js';
import { ColumnReader } from '#wire/column-reader.js';
import { ColumnWriter } from '#wire/column-writer.js';
import { seededRandom } from '#wire/random.js';

const SEED = 20261121;
const INT32_MAX = 2_147_483_647;

function written(columns: readonly (readonly number[])[]): Uint8Array {
  const writer = new ColumnWriter();
  for (const column of columns) {
    writer.reserve(12 + 5 * column.length);
    writer.column(Int32Array.from(column), column.length);
  }
  return writer.bytes.slice(0, writer.at);
}

function read(bytes: Uint8Array, counts: readonly number[]): number[][] {
  const reader = new ColumnReader(bytes, 0);
  const columns = counts.map((count) => {
    const out = new Int32Array(count);
    reader.column(out, count);
    return [...out];
  });
  expect(reader.at).toBe(bytes.length);
  return columns;
}

const codeOf = (bytes: Uint8Array) => bytes[0] >> 2;

describe('a column', () => {
  const random = seededRandom(SEED);
  const noise = Array.from({ length: 40 }, () => 1000 + Math.round(20 * Math.log(random()) - 20 * Math.log(random())));

  test('of one great leap among small steps is a Rice code: one value does not widen all', () => {
    const leap = noise.map((value, i) => (i === 20 ? value + 1_000_000_000 : value));
    const bytes = written([leap]);
    expect(codeOf(bytes)).toBeGreaterThanOrEqual(RICE_FROM);
    expect(bytes.length).toBeLessThan(60);
    expect(read(bytes, [leap.length])).toEqual([leap]);
  });

  test('that does not change takes no bits, however long it is', () => {
    const bytes = written([new Array<number>(1000).fill(85)]);
    expect(bytes.length).toBe(3);
    expect(read(bytes, [1000])[0].every((value) => value === 85)).toBe(true);
  });

  test('of a Rice code that is cut short anywhere is refused', () => {
    const bytes = written([noise]);
    expect(codeOf(bytes)).toBeGreaterThanOrEqual(RICE_FROM);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => read(bytes.subarray(0, length), [noise.length]), `${length} bytes`).toThrow(
        expect.objectContaining({ code: 'PW-WIRE-FRAME' }),
      );
    }
  });

  test(`comes back exactly, next to others, whatever its steps (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    for (let round = 0; round < 3000; round++) {
      const count = 1 + Math.floor(random() * 60);
      const columns = Array.from({ length: 3 }, () => {
        const spread = 2 ** (random() * 16);
        let value = 0;
        return Array.from({ length: count }, () => {
          const step = Math.round(-Math.log(1 - random()) * spread) * (random() < 0.5 ? -1 : 1);
          value = random() < 0.03 ? Math.round((random() - 0.5) * 2 ** (1 + random() * 31)) : value + step;
          value = Math.max(-INT32_MAX, Math.min(INT32_MAX, value)) | 0;
          return value;
        });
      });
      expect(read(written(columns), [count, count, count]), `round ${round}`).toEqual(columns);
    }
  });

  test(`that is damaged gives numbers or an error, and nothing behind its end is read (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    for (let round = 0; round < 5000; round++) {
      const bytes = written([noise, noise.toReversed()]).slice(0, Math.ceil(random() * 90));
      bytes[Math.floor(random() * bytes.length)] ^= 1 << Math.floor(random() * 8);
      const reader = new ColumnReader(bytes, 0);
      try {
        reader.column(new Int32Array(noise.length), noise.length);
        reader.column(new Int32Array(noise.length), noise.length);
        expect(reader.at, `round ${round}`).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(error, `round ${round}`).toMatchObject({ code: 'PW-WIRE-FRAME' });
      }
    }
  });
});
