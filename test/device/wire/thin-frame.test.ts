import { describe, expect, test } from 'vitest';
import { ChannelTable } from '#wire/channels.js';
import { decodeFrame, FrameEncoder, type SampleGroup } from '#wire/frame.js';
import { thinFrame } from '#wire/thin-frame.js';

const table = new ChannelTable([
  { name: 'speed', unit: 'km/h', scale: 0.01, offset: 0, rateHz: 100 },
  { name: 'oil', unit: 'degC', scale: 0.1, offset: -40, rateHz: 100 },
]);
const boot = { counter: 3, random: 0x0123456789abcdefn };
const header = {
  seq: 9,
  prev: 7,
  lane: 'live',
  eventTimeMs: 1000,
  monotonicMs: 50,
  clockQuality: 2,
  clockErrorMs: 4,
} as const;
const encode = (group: SampleGroup) => new FrameEncoder(table, 'car-1', boot).encode(header, [group]);

describe('thinFrame', () => {
  test('keeps every n-th sample of each channel at its time, and the identity', () => {
    const values = Float64Array.from({ length: 20 }, (_, i) => (i < 10 ? ((i * 37) % 11) * 1.25 : 80.5 - i / 10));
    const bytes = encode({ channels: Uint16Array.of(0, 1), count: 10, startUs: 500, periodUs: 10_000, values });
    const thin = thinFrame(bytes, 4);
    expect(thin.droppedSamples).toBe(14);
    expect(thin.bytes.length).toBeLessThan(bytes.length);
    const before = decodeFrame(bytes, table);
    const after = decodeFrame(thin.bytes, table);
    expect(after.header).toEqual(before.header);
    const [was] = before.groups;
    expect(after.groups[0]).toMatchObject({ count: 3, startUs: 500, periodUs: 40_000 });
    expect([...after.groups[0].values]).toEqual([0, 4, 8, 10, 14, 18].map((i) => was.values[i]));
  });

  test('irregular samples keep their times, missing ones stay missing', () => {
    const timesUs = Int32Array.of(0, 7, 900, 1000, 5000);
    const values = Float64Array.of(1, 2, Number.NaN, 4, 5);
    const bytes = encode({ channels: Uint16Array.of(1), count: 5, startUs: 0, periodUs: 0, timesUs, values });
    const [group] = decodeFrame(thinFrame(bytes, 2).bytes, table).groups;
    expect([...group.timesUs!]).toEqual([0, 900, 5000]);
    expect([...group.values]).toEqual([1, Number.NaN, 5]);
  });

  test('refuses what is no frame', () => {
    expect(() => thinFrame(new Uint8Array(100), 2)).toThrow(expect.objectContaining({ code: 'PW-WIRE-FRAME' }));
  });
});
