import { describe, expect, it } from 'vitest';
import type { RegularBlock } from '#device/sources/source.js';
import { at, CHANNEL_COUNT, carChannels, channelLimits } from '#simulator/channels.js';
import { race } from '#simulator/scenarios/race.js';
import { withOverrides } from '#simulator/scenarios/scenario.js';
import { CarTelemetry } from '#simulator/telemetry/car-telemetry.js';
import { noiseTable } from '#simulator/telemetry/noise.js';
import { createWorld, STEP_MS } from '#simulator/world/world.js';
import { FrameEncoder } from '#wire/frame.js';
import { namedRandom } from '#wire/random.js';
import { hashOf } from '../races.js';

const SEED = 5;
const EPOCH_MS = 1_800_000_000_000;

interface Run {
  rateHz?: number;
  seed?: number;
  untilMs: number;
  /** Length of the next portion, ms. */
  portion: () => number;
}

/** Blocks of the first car, copied as an agent would. */
function blocksOf({ rateHz = 100, seed = SEED, untilMs, portion }: Run): RegularBlock[] {
  const scenario = withOverrides(race, { cars: 3, laps: 20, rateHz });
  const telemetry: CarTelemetry[] = [];
  const world = createWorld(scenario, seed, {
    event: (event) => {
      if (event.type === 'passing' && event.lapTimeMs !== null) telemetry[event.car]?.beacon.line(event.lapTimeMs);
    },
    step: (fromMs, toMs) => telemetry[0].step(fromMs, toMs),
  });
  const setup = { table: carChannels(rateHz), rateHz, track: world.track, noise: noiseTable(seed), seed };
  telemetry.push(new CarTelemetry(world.cars[0], setup));
  const blocks: RegularBlock[] = [];
  while (world.nowMs < untilMs) {
    const nextMs = Math.min(untilMs, world.nowMs + Math.floor(portion() / STEP_MS) * STEP_MS);
    telemetry[0].begin(nextMs);
    world.advanceTo(nextMs);
    const block = telemetry[0].end(EPOCH_MS);
    if (block) blocks.push({ ...block, values: block.values.slice() });
  }
  return blocks;
}

/** Every sample of a channel, in order. */
function samples(blocks: RegularBlock[], channel: number): number[] {
  return blocks.flatMap(({ count, values }) => [...values.subarray(channel * count, (channel + 1) * count)]);
}

describe(`telemetry of a car (seed ${SEED})`, () => {
  it.each([100, 50, 25, 8, 1000])('at %i Hz has no gap and no overlap, however irregular the ticks', (rateHz) => {
    const random = namedRandom(SEED, 'portions');
    const blocks = blocksOf({ rateHz, untilMs: 20_000, portion: () => 50 + 900 * random() });
    expect(blocks.length).toBeGreaterThan(10);
    let expectedMs = EPOCH_MS + 1000 / rateHz;
    let total = 0;
    for (const { timeMs, periodUs, count, channels, values } of blocks) {
      expect(timeMs).toBeCloseTo(expectedMs, 3);
      expect(periodUs).toBe(1_000_000 / rateHz);
      expect(channels).toHaveLength(CHANNEL_COUNT);
      expect(values).toHaveLength(count * CHANNEL_COUNT);
      expectedMs = timeMs + (count * periodUs) / 1000;
      total += count;
    }
    expect(total).toBe(20 * rateHz);
  });

  it('is the same for the same seed, in whatever blocks it comes, and another for another seed', () => {
    const random = namedRandom(SEED, 'portions');
    const regular = blocksOf({ untilMs: 40_000, portion: () => 500 });
    const irregular = blocksOf({ untilMs: 40_000, portion: () => 50 + 1500 * random() });
    const other = blocksOf({ untilMs: 40_000, portion: () => 500, seed: SEED + 1 });
    for (const name of ['speed', 'rpm', 'latitude', 'lapCount', 'suspensionRR', 'waterTemp'] as const) {
      expect(hashOf(samples(irregular, at[name]))).toBe(hashOf(samples(regular, at[name])));
    }
    expect(hashOf(samples(other, at.speed))).not.toBe(hashOf(samples(regular, at.speed)));
  });

  it('stays within each sensor, in whole steps of its resolution', () => {
    const blocks = blocksOf({ untilMs: 120_000, portion: () => 2000 });
    const { channels } = carChannels(100);
    channels.forEach(({ name, scale }, channel) => {
      const { low, high } = channelLimits[channel];
      for (const value of samples(blocks, channel)) {
        if (value >= low && value <= high && Math.abs(value / scale - Math.round(value / scale)) < 1e-4) continue;
        expect.fail(`${name} is ${value}, wanted ${low} to ${high} in steps of ${scale}`);
      }
    });
  });

  it('moves as a lap does: brakes before corners, full throttle on straights, water between 70 and 110', () => {
    const blocks = blocksOf({ untilMs: 120_000, portion: () => 2000 });
    const range = (name: keyof typeof at) => {
      const values = samples(blocks, at[name]).slice(3000);
      return [Math.min(...values), Math.max(...values)];
    };
    expect(range('throttle')).toEqual([0, 100]);
    expect(range('brakeFront')[1]).toBeGreaterThan(1000);
    expect(range('speed')[0]).toBeGreaterThan(100);
    expect(range('speed')[1]).toBeLessThan(260);
    expect(range('gear')[1]).toBe(5);
    expect(range('waterTemp')[0]).toBeGreaterThan(70);
    expect(range('waterTemp')[1]).toBeLessThan(110);
  });

  it('costs about a byte a sample on the wire: noise is neither absent nor free', () => {
    const blocks = blocksOf({ untilMs: 60_000, portion: () => 100 });
    const encoder = new FrameEncoder(carChannels(100), 'car-1', { counter: 1, random: 1n });
    const header = { seq: 1, prev: 0, lane: 'live', monotonicMs: 0, clockQuality: 1, clockErrorMs: 1 } as const;
    let bytes = 0;
    let count = 0;
    for (const { timeMs, periodUs, channels, values, ...block } of blocks) {
      const group = { channels, count: block.count, startUs: 0, periodUs, values };
      bytes += encoder.encode({ ...header, eventTimeMs: timeMs }, [group]).length;
      count += values.length;
    }
    expect(encoder.clipped).toBe(0);
    expect(bytes / count).toBeGreaterThan(0.6);
    expect(bytes / count).toBeLessThan(1.3);
  });
});

describe(`sensors that are wrong (seed ${SEED})`, () => {
  it('show 1 to 3 per cent too much or too little fuel', () => {
    const world = createWorld(race, SEED);
    const setup = { table: carChannels(100), rateHz: 100, track: world.track, noise: noiseTable(SEED), seed: SEED };
    const errors = world.cars.map((car) => new CarTelemetry(car, setup).errors.fuelFlowScale - 1);
    for (const error of errors) {
      expect(Math.abs(error)).toBeGreaterThanOrEqual(0.01);
      expect(Math.abs(error)).toBeLessThanOrEqual(0.03);
    }
    expect(errors.some((error) => error > 0) && errors.some((error) => error < 0)).toBe(true);
  });

  it('count laps right, one too high, or not at all', () => {
    const world = createWorld(race, SEED);
    const setup = { table: carChannels(100), rateHz: 100, track: world.track, noise: noiseTable(SEED), seed: SEED };
    const seen = new Set<number>();
    for (const car of world.cars) {
      const { beacon } = new CarTelemetry(car, setup);
      for (let lap = 1; lap <= 20; lap++) {
        const { lapHint, lapTimeMs } = beacon.line(29_900);
        seen.add(lapHint === 32_768 ? lapHint : lapHint - lap);
        expect(Math.abs(lapTimeMs - 29_900)).toBeLessThanOrEqual(25);
      }
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([0, 1, 32_768]);
  });
});
