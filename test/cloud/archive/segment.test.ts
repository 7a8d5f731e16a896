import { describe, expect, it } from 'vitest';
import { BLOCK_RAW_BYTES, encodeSegment } from '#cloud/archive/segment.js';
import { decodeSegment, decodeSegmentHeader } from '#cloud/archive/segment-reader.js';
import { seededRandom } from '#wire/random.js';
import { about, placesOf, plain, readAll, streamRecords } from './records.js';

const SEED = 20_261_121;

describe(`a segment, seed ${SEED}`, () => {
  it('gives back the very records, and its header says what they are', async () => {
    const records = streamRecords(1_500, SEED);
    const bytes = await encodeSegment(about(41), records);
    const read = await readAll(bytes);
    expect(read.damages).toEqual([]);
    expect(plain(read.records)).toEqual(plain(records));
    const places = placesOf(records);
    expect(await decodeSegmentHeader(bytes)).toEqual({
      ...about(41),
      v: 1,
      records: 1_500,
      firstSequence: places[0],
      lastSequence: places.at(-1),
    });
  });

  it('is cut into blocks whose running numbers follow each other', async () => {
    const records = streamRecords(1_500, SEED + 1);
    let next = 7;
    let blocks = 0;
    for await (const block of decodeSegment(await encodeSegment(about(next), records))) {
      expect(block.runningFrom).toBe(next);
      expect(block.records.reduce((sum, { data }) => sum + data.length, 0)).toBeLessThanOrEqual(BLOCK_RAW_BYTES);
      next += block.records.length;
      blocks++;
    }
    expect(next).toBe(1_507);
    expect(blocks).toBeGreaterThan(1);
  });

  it('of empty and of large records', async () => {
    const [record] = streamRecords(1, SEED);
    const records = [
      { ...record, data: new Uint8Array(0) },
      { ...record, sequenceNumber: `${record.sequenceNumber}9`, data: new Uint8Array(BLOCK_RAW_BYTES + 1).fill(7) },
      { ...record, sequenceNumber: '5', arrivalMs: 0, partitionKey: 'Ü' },
    ];
    const { records: read } = await readAll(await encodeSegment(about(), records));
    expect(plain(read)).toEqual(plain(records));
  });

  it('is not written of nothing, nor of a time that is no whole number', async () => {
    await expect(encodeSegment(about(), [])).rejects.toMatchObject({ code: 'PW-ARCHIVE-SEGMENT' });
    const [record] = streamRecords(1, SEED);
    await expect(encodeSegment(about(), [{ ...record, arrivalMs: 0.5 }])).rejects.toMatchObject({
      code: 'PW-ARCHIVE-SEGMENT',
    });
  });

  it('with a block that is flipped gives all others and names the place', async () => {
    const records = streamRecords(1_500, SEED + 2);
    const bytes = await encodeSegment(about(), records);
    const second = bytes.indexOf('PWSB', bytes.indexOf('PWSB') + 4);
    bytes[second + 100] ^= 4;
    const { records: read, damages } = await readAll(bytes);
    expect(damages[0]).toMatchObject({ part: 'block', from: second, why: 'checksum' });
    expect(damages[1]).toMatchObject({ part: 'foot', why: 'form' });
    expect(damages).toHaveLength(2);
    const all = placesOf(records);
    const left = placesOf(read);
    expect(left.length).toBeGreaterThan(800);
    expect(all.filter((place) => !left.includes(place)).length).toBe(1_500 - left.length);
    await expect(async () => {
      for await (const _ of decodeSegment(bytes));
    }).rejects.toMatchObject({ code: 'PW-ARCHIVE-DAMAGED' });
  });

  it('without its head gives every record', async () => {
    const records = streamRecords(400, SEED + 3);
    const bytes = await encodeSegment(about(), records);
    bytes[20] ^= 1;
    const { records: read, damages } = await readAll(bytes);
    expect(damages).toMatchObject([{ part: 'head', from: 0, why: 'checksum' }]);
    expect(plain(read)).toEqual(plain(records));
    await expect(decodeSegmentHeader(bytes)).rejects.toMatchObject({ code: 'PW-ARCHIVE-DAMAGED' });
  });

  it('cut anywhere, flipped anywhere, is told, and what is given is true', async () => {
    const random = seededRandom(SEED + 4);
    const records = streamRecords(120, SEED + 4, 6_000);
    const places = new Map(plain(records).map((record, i) => [placesOf(records)[i], record]));
    const bytes = await encodeSegment(about(), records);
    for (let i = 0; i < 60; i++) {
      const at = Math.floor(random() * bytes.length);
      const hurt = random() < 0.5 ? Buffer.from(bytes.subarray(0, at)) : Buffer.from(bytes);
      if (hurt.length === bytes.length) hurt[at] ^= 1 << Math.floor(random() * 8);
      const { records: read, damages } = await readAll(hurt);
      expect(damages.length, `byte ${at} of ${hurt.length}`).toBeGreaterThan(0);
      expect(plain(read)).toEqual(placesOf(read).map((place) => places.get(place)));
    }
  });
});
