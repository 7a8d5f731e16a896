import { describe, expect, it } from 'vitest';
import { itemBytes, type LoadRow } from '#cloud/load/load-row.js';
import { ITEM_BYTES_MAX, PACK_SPAN_MS, SamplePacker } from '#cloud/load/packer.js';
import { decodeSamples, encodeSamples } from '#cloud/load/sample-pack.js';
import { seededRandom } from '#wire/random.js';

const T0 = Date.UTC(2026, 10, 20, 14);

describe('a pack of samples', () => {
  it('has the bytes that its head describes', () => {
    const bytes = encodeSamples({ timesMs: [T0, T0 + 40, T0 + 80], values: [1.5, 1.4, 1.6] });
    const expected = Buffer.concat([
      // version, form: tenths, tick: ms, three samples
      Buffer.from([1, 1, 0, 3]),
      Buffer.from(new Float64Array([T0]).buffer),
      // +40 +40 zigzag; 15 −1 +2 zigzag; no exceptions
      Buffer.from([80, 80, 30, 1, 4, 0]),
    ]);
    expect(Buffer.from(bytes)).toEqual(expected);
  });

  const seed = 8_302;
  it(`gives every value back to the last bit, and every time to the microsecond (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const values: ((i: number) => number)[] = [
      (i) => i % 7,
      () => Math.round(random() * 1e5) / 1000,
      () => Math.fround(random() * 100),
      () => random() * 10 ** Math.floor(random() * 40 - 20),
      () => (random() < 0.1 ? 0.34600000000000003 : 0.346),
      () => [0, -0, 1e300, -5e-324, 2 ** 53, Number.MIN_SAFE_INTEGER][Math.floor(random() * 6)],
    ];
    for (let round = 0; round < 120; round++) {
      const count = 1 + Math.floor(random() * 300);
      let timeMs = T0 + Math.round(random() * 1e6) / (round % 2 === 0 ? 1 : 1000);
      const samples = { timesMs: [] as number[], values: [] as number[] };
      for (let i = 0; i < count; i++) {
        samples.timesMs.push(timeMs);
        samples.values.push(values[round % values.length](i));
        timeMs = Math.round((timeMs + random() * 50) * (round % 2 === 0 ? 1 : 1000)) / (round % 2 === 0 ? 1 : 1000);
      }
      const back = decodeSamples(encodeSamples(samples));
      expect(back.values.every((value, i) => Object.is(value, samples.values[i]))).toBe(true);
      expect(back.values.length).toBe(count);
      for (const [i, time] of back.timesMs.entries()) expect(Math.abs(time - samples.timesMs[i])).toBeLessThan(0.001);
    }
  });

  it(`is refused with a code when it is damaged, and never hangs (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const values = Array.from({ length: 50 }, () => random());
    const good = encodeSamples({ timesMs: values.map((_, i) => T0 + i), values });
    for (let round = 0; round < 500; round++) {
      const bad = good.slice(0, Math.floor(random() * good.length));
      if (bad.length > 0) bad[Math.floor(random() * bad.length)] = Math.floor(random() * 256);
      try {
        decodeSamples(bad);
      } catch (error) {
        expect(error).toMatchObject({ code: 'PW-LOAD-FORMAT' });
      }
    }
    expect(() => decodeSamples(new Uint8Array([2, 1, 0, 1]))).toThrow(/no packed samples/);
  });

  it('is small: 100 Hz of a channel with two decimals costs under four bytes a sample', () => {
    const values = Array.from({ length: 1000 }, (_, i) => Math.round(Math.sin(i / 50) * 10_000) / 100);
    const bytes = encodeSamples({ timesMs: values.map((_, i) => T0 + i * 10), values });
    expect(bytes.length / values.length).toBeLessThan(4);
  });
});

describe('a packer', () => {
  const packerSeed = 8_303;
  const target = { run: 'p1', fileId: 'f0' };
  const speed = { name: 'speed', unit: 'km/h' };
  function packer(state?: ConstructorParameters<typeof SamplePacker>[2]) {
    const rows: LoadRow[] = [];
    return { rows, packer: new SamplePacker(target, (row) => rows.push(row), state) };
  }

  it(`keeps items within 4 KB, in order of time, whatever the values (seed ${packerSeed})`, () => {
    const random = seededRandom(packerSeed);
    const { rows, packer: made } = packer();
    for (let i = 0; i < 3000; i++) made.add('car-1', speed, i, T0 + (i ^ 1) * 10, random());
    made.end();
    expect(rows.length).toBeGreaterThan(6);
    const samples = rows.map(({ item }) => decodeSamples(item.data as Uint8Array));
    expect(samples.reduce((sum, { values }) => sum + values.length, 0)).toBe(3000);
    for (const [i, { item }] of rows.entries()) {
      expect(itemBytes(item)).toBeLessThanOrEqual(ITEM_BYTES_MAX);
      expect(samples[i].timesMs).toEqual([...samples[i].timesMs].sort((a, b) => a - b));
      expect(item.sk).toMatch(new RegExp(`^${samples[i].timesMs[0]}#f0\\.`));
      expect(item.toMs).toBe(samples[i].timesMs.at(-1));
    }
    expect(new Set(rows.map(({ item }) => item.sk)).size).toBe(rows.length);
  });

  it('begins a new item after a gap, and when a clock is set back', () => {
    const { rows, packer: made } = packer();
    for (const [line, ms] of [0, 10, PACK_SPAN_MS, PACK_SPAN_MS + 10, 0].entries())
      made.add('a', speed, line, T0 + ms, 1);
    made.end();
    expect(rows.map(({ item }) => [item.sk, item.samples])).toEqual([
      [`${T0}#f0.0`, 2],
      [`${T0 + PACK_SPAN_MS}#f0.2`, 2],
      [`${T0}#f0.4`, 1],
    ]);
  });

  it(`goes on from its state with the same items (seed ${packerSeed})`, () => {
    const random = seededRandom(packerSeed);
    const rows = Array.from({ length: 5000 }, (_, line) => ({
      line,
      thing: `car-${Math.floor(random() * 3)}`,
      timeMs: T0 + line * 20 + Math.round(random() * 200),
      value: Math.round(random() * 1000) / 10,
    }));
    const whole = packer();
    for (const { thing, line, timeMs, value } of rows) whole.packer.add(thing, speed, line, timeMs, value);
    whole.packer.end();
    let { rows: out, packer: made } = packer();
    const all: LoadRow[] = [];
    for (const { thing, line, timeMs, value } of rows) {
      if (random() < 0.01) {
        all.push(...out);
        ({ rows: out, packer: made } = packer(made.state()));
      }
      made.add(thing, speed, line, timeMs, value);
    }
    made.end();
    expect([...all, ...out]).toEqual(whole.rows);
  });
});
