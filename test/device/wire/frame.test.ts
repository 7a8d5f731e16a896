import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ChannelTable } from '#wire/channels.js';
import {
  decodeFrame,
  decodeFrameHeader,
  FrameEncoder,
  type FrameHeader,
  MAX_FRAME_BYTES,
  type SampleGroup,
  setFrameLane,
} from '#wire/frame.js';
import type { ChannelSpec } from '#wire/messages.js';
import { type Random, seededRandom } from '#wire/random.js';

const boot = { counter: 7, random: 0x00f3_a91c_5e2b_7d40n };
const header = {
  seq: 42,
  prev: 40,
  lane: 'live',
  eventTimeMs: Date.UTC(2026, 10, 21, 18, 30, 0, 100),
  monotonicMs: 61_234.5,
  clockQuality: 3,
  clockErrorMs: 12,
} as const;

const spec = (name: string, scale: number, offset = 0): ChannelSpec => ({
  name,
  unit: '1',
  scale,
  offset,
  rateHz: 100,
});
const table = new ChannelTable([spec('speed', 0.01), spec('temp', 0.1, -40), spec('rpm', 1), spec('lat', 1e-7)]);

const group = (channels: number[], columns: number[][], timing: Partial<SampleGroup> = {}): SampleGroup => ({
  channels: Uint16Array.from(channels),
  count: columns[0].length,
  startUs: 0,
  periodUs: 10_000,
  values: Float64Array.from(columns.flat()),
  ...timing,
});
const encode = (groups: SampleGroup[], over: Partial<Omit<FrameHeader, 'thing' | 'boot' | 'tableHash'>> = {}) =>
  new FrameEncoder(table, 'car-24', boot).encode({ ...header, ...over }, groups);
const columnsOf = ({ channels, count, values }: SampleGroup) =>
  Array.from(channels, (_, c) => Array.from(values.subarray(c * count, (c + 1) * count)));

describe('frame header', () => {
  test('comes back as it went in', () => {
    expect(decodeFrameHeader(encode([group([0], [[1]])]))).toEqual({
      ...header,
      thing: 'car-24',
      boot,
      tableHash: table.hash,
    });
  });

  test('carries sequence numbers beyond 32 bits', () => {
    const seq = 2 ** 40 + 5;
    expect(decodeFrameHeader(encode([group([0], [[1]])], { seq, prev: seq - 3 }))).toMatchObject({
      seq,
      prev: seq - 3,
    });
  });

  test('the first of a boot has no predecessor', () => {
    expect(decodeFrameHeader(encode([group([0], [[1]])], { seq: 2, prev: 0 })).prev).toBe(0);
  });

  test('the lane can be changed in place: the CRC does not cover it', () => {
    const bytes = encode([group([0], [[1]])]);
    setFrameLane(bytes, 'backfill');
    expect(decodeFrameHeader(bytes).lane).toBe('backfill');
    setFrameLane(bytes, 'live');
    expect(bytes).toEqual(encode([group([0], [[1]])]));
  });

  test('a name that is not ASCII survives', () => {
    const bytes = new FrameEncoder(table, 'wagen-Ä', boot).encode(header, [group([0], [[1]])]);
    expect(decodeFrame(bytes, table).header.thing).toBe('wagen-Ä');
  });
});

describe('frame samples', () => {
  test.each<[string, number[]]>([
    ['constant', [5, 5, 5, 5]],
    ['one sample', [123]],
    ['two samples', [1, 2]],
    ['ramp', [0, 10, 20, 30, 40, 50]],
    ['parabola', [0, 1, 4, 9, 16, 25, 36, 49]],
    ['noise', [3, 141, -59, 26, 5, -35, 8979, 3]],
    ['full 32 bits', [2_147_483_647, -2_147_483_647, 2_147_483_647, 0]],
  ])('%s come back exactly', (_name, values) => {
    const frame = decodeFrame(encode([group([2], [values])]), table);
    expect(columnsOf(frame.groups[0])).toEqual([values]);
    expect(frame.samples).toBe(values.length);
  });

  test('are quantised to the scale of their channel, decimals without binary dust', () => {
    const frame = decodeFrame(
      encode([
        group(
          [0, 1],
          [
            [0.1, 0.304, -12.34],
            [-40, 85.06, 20],
          ],
        ),
      ]),
      table,
    );
    expect(columnsOf(frame.groups[0])).toEqual([
      [0.1, 0.3, -12.34],
      [-40, 85.1, 20],
    ]);
  });

  test('missing samples stay missing wherever they stand', () => {
    const nan = Number.NaN;
    const columns = [[nan, 1, 2, nan, 4, 5, 6, 7, nan, 9], Array.from({ length: 10 }, () => nan)];
    expect(columnsOf(decodeFrame(encode([group([0, 2], columns)]), table).groups[0])).toEqual(columns);
  });

  test('a value that does not fit is written as missing and counted', () => {
    const encoder = new FrameEncoder(table, 'car-24', boot);
    const bytes = encoder.encode(header, [group([0], [[1e9, 1, Number.POSITIVE_INFINITY]])]);
    expect(columnsOf(decodeFrame(bytes, table).groups[0])).toEqual([[Number.NaN, 1, Number.NaN]]);
    expect(encoder.clipped).toBe(2);
  });

  test('groups keep their own times, regular and irregular', () => {
    const irregular = group([3], [[1e-7, 2e-7, 3e-7]], { timesUs: Int32Array.of(0, 1234, 99_999), periodUs: 0 });
    const late = group(
      [0, 2],
      [
        [1, 2],
        [3, 4],
      ],
      { startUs: -5000, periodUs: 50_000 },
    );
    const { groups } = decodeFrame(encode([irregular, late]), table);
    expect([...groups[0].timesUs!]).toEqual([0, 1234, 99_999]);
    expect(groups[1]).toMatchObject({ startUs: -5000, periodUs: 50_000, timesUs: undefined });
  });

  test('an encoder gives the same bytes whatever it encoded before', () => {
    const encoder = new FrameEncoder(table, 'car-24', boot);
    const small = [group([0], [[1, 2, 3]])];
    const first = encoder.encode(header, small);
    encoder.encode(header, [
      group(
        [0, 1, 2],
        Array.from({ length: 3 }, () => Array.from({ length: 5000 }, Math.sin)),
      ),
    ]);
    expect(encoder.encode(header, small)).toEqual(first);
  });

  test('refuses an empty group and a frame larger than AWS IoT takes', () => {
    expect(() => encode([group([0], [[]])])).toThrow(expect.objectContaining({ code: 'PW-WIRE-FRAME' }));
    const random = seededRandom(1);
    const noise = Array.from({ length: 40_000 }, () => Math.round((random() - 0.5) * 4e9));
    expect(() => encode([group([2], [noise])])).toThrow(expect.objectContaining({ code: 'PW-WIRE-FRAME' }));
    expect(encode([group([2], [noise.slice(0, 30_000)])]).length).toBeLessThan(MAX_FRAME_BYTES);
  });
});

/** Walks, noise, constants, gaps and jumps on random tables, in several groups. */
function randomFrame(random: Random) {
  const whole = (below: number) => Math.floor(random() * below);
  const scales = [1, 0.1, 0.01, 0.001, 1e-7, 0.25, 3, 7.3];
  const channels = Array.from({ length: 1 + whole(30) }, (_, i) =>
    spec(`c${i}`, scales[whole(scales.length)], whole(5) - 2),
  );
  const own = new ChannelTable(channels);
  const groups = Array.from({ length: 1 + whole(3) }, () => {
    const picked = channels.map((_, i) => i).filter(() => random() < 0.6);
    if (picked.length === 0) picked.push(whole(channels.length));
    const count = 1 + whole(60);
    const columns = picked.map((index) => {
      const style = whole(5);
      let raw = whole(2 ** 31) - 2 ** 30;
      let slope = 0;
      return Array.from({ length: count }, () => {
        if (random() < 0.05 && style !== 0) return Number.NaN;
        if (style === 1) raw += whole(21) - 10;
        if (style === 2) raw += slope += whole(3) - 1;
        if (style === 3) raw = whole(2 ** 32) - 2 ** 31 + 1;
        if (style === 4 && random() < 0.1) raw = -raw;
        raw = Math.max(-2_147_483_647, Math.min(2_147_483_647, raw));
        return raw * channels[index].scale + channels[index].offset;
      });
    });
    const irregular = random() < 0.3;
    let us = 0;
    const timesUs = irregular ? Int32Array.from({ length: count }, () => (us += whole(20_000))) : undefined;
    return group(picked, columns, {
      timesUs,
      startUs: irregular ? 0 : whole(200_000) - 100_000,
      periodUs: irregular ? 0 : 1 + whole(100_000),
    });
  });
  return { own, groups };
}

const SEEDS = [1, 20261121, 0x5eed];

describe('any frame', () => {
  test.each(SEEDS)('decodes to what was encoded, within half a step of each channel (seed %i)', (seed) => {
    const random = seededRandom(seed);
    for (let round = 0; round < 150; round++) {
      const { own, groups } = randomFrame(random);
      const frame = decodeFrame(new FrameEncoder(own, 'car-24', boot).encode(header, groups), own);
      expect(frame.groups).toHaveLength(groups.length);
      groups.forEach((sent, g) => {
        const got = frame.groups[g];
        expect([...got.channels]).toEqual([...sent.channels]);
        expect(got.count).toBe(sent.count);
        expect(got.timesUs && [...got.timesUs]).toEqual(sent.timesUs && [...sent.timesUs]);
        if (!sent.timesUs) expect([got.startUs, got.periodUs]).toEqual([sent.startUs, sent.periodUs]);
        for (let i = 0; i < sent.values.length; i++) {
          const { scale } = own.channels[sent.channels[Math.floor(i / sent.count)]];
          const [wanted, value] = [sent.values[i], got.values[i]];
          const near = Number.isNaN(wanted) ? Number.isNaN(value) : Math.abs(wanted - value) <= scale * 0.5000001;
          if (!near) throw new Error(`round ${round}, group ${g}, value ${i}: sent ${wanted}, got ${value}`);
        }
      });
    }
  });

  test.each(SEEDS)('is decoded to the same bytes when it is encoded again (seed %i)', (seed) => {
    const random = seededRandom(seed + 1);
    for (let round = 0; round < 50; round++) {
      const { own, groups } = randomFrame(random);
      const encoder = new FrameEncoder(own, 'car-24', boot);
      const bytes = encoder.encode(header, groups);
      expect(encoder.encode(header, decodeFrame(bytes, own).groups)).toEqual(bytes);
    }
  });
});

describe('damaged bytes', () => {
  const bytes = encode([
    group(
      [0, 2],
      [
        [1, 2, 3, 5, 8],
        [100, 90, Number.NaN, 70, 60],
      ],
    ),
    group([3], [[48.1, 48.2]], { timesUs: Int32Array.of(10, 20), periodUs: 0 }),
  ]);
  /** Byte 3 is the lane, which the CRC does not cover on purpose. */
  const LANE = 3;
  const refused = expect.objectContaining({ code: 'PW-WIRE-FRAME' });

  test('any byte with any one bit flipped is refused', () => {
    for (let at = 0; at < bytes.length; at++) {
      if (at === LANE) continue;
      for (let bit = 0; bit < 8; bit++) {
        const damaged = bytes.slice();
        damaged[at] ^= 1 << bit;
        expect(() => decodeFrame(damaged, table), `byte ${at}, bit ${bit}`).toThrow(refused);
      }
    }
  });

  test('cut at any length it is refused', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeFrame(bytes.subarray(0, length), table), `${length} bytes`).toThrow(refused);
    }
  });

  test('with bytes after its end it is refused', () => {
    expect(() => decodeFrame(Uint8Array.of(...bytes, 0), table)).toThrow(refused);
  });

  test.each(SEEDS)('under a CRC that matches by forgery, it is refused or decoded, within bounds (seed %i)', (seed) => {
    const random = seededRandom(seed);
    const view = (of: Uint8Array) => new DataView(of.buffer, of.byteOffset, of.byteLength);
    for (let round = 0; round < 3000; round++) {
      const forged = bytes.slice(0, random() < 0.3 ? 62 + Math.floor(random() * (bytes.length - 62)) : bytes.length);
      for (let n = 1 + Math.floor(random() * 4); n > 0; n--) {
        forged[60 + Math.floor(random() * (forged.length - 60))] = Math.floor(random() * 256);
      }
      view(forged).setUint32(4, crc32(forged.subarray(8)), true);
      try {
        const { groups } = decodeFrame(forged, table);
        for (const { channels } of groups) {
          for (const channel of channels) expect(channel).toBeLessThan(table.channels.length);
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'PW-WIRE-FRAME' });
      }
    }
  });

  test('a later version is refused by name', () => {
    const later = bytes.slice();
    later[2] = 2;
    expect(() => decodeFrame(later, table)).toThrow(
      expect.objectContaining({ message: expect.stringContaining('version 2') }),
    );
  });
});

describe('golden bytes of version 1', () => {
  interface Golden {
    table: { channels: ChannelSpec[] };
    hash: string;
    frames: {
      title: string;
      thing: string;
      boot: { counter: number; random: string };
      header: Omit<FrameHeader, 'thing' | 'boot' | 'tableHash'>;
      groups: {
        channels: number[];
        startUs: number;
        periodUs: number;
        timesUs?: number[];
        columns: (number | null)[][];
      }[];
      base64: string;
    }[];
  }
  const golden = JSON.parse(readFileSync(new URL('../../fixtures/frame-v1.json', import.meta.url), 'utf8')) as Golden;
  const own = new ChannelTable(golden.table.channels);

  test('the hash of the channel table', () => expect(own.hash).toBe(golden.hash));

  test.each(golden.frames)('$title', ({ thing, boot: of, header: head, groups, base64 }) => {
    const sent = groups.map(({ channels, columns, timesUs, ...timing }) =>
      group(
        channels,
        columns.map((column) => column.map((value) => value ?? Number.NaN)),
        {
          ...timing,
          timesUs: timesUs && Int32Array.from(timesUs),
        },
      ),
    );
    const identity = { counter: of.counter, random: BigInt(of.random) };
    expect(Buffer.from(new FrameEncoder(own, thing, identity).encode(head, sent)).toString('base64')).toBe(base64);
    const frame = decodeFrame(Buffer.from(base64, 'base64'), own);
    expect(frame.header).toEqual({ ...head, thing, boot: identity, tableHash: golden.hash });
    expect(
      frame.groups.map((each) =>
        columnsOf(each).map((column) => column.map((value) => (Number.isNaN(value) ? null : value))),
      ),
    ).toEqual(groups.map(({ columns }) => columns));
  });
});
