import { describe, expect, test } from 'vitest';
import { type SecondSummary, Summariser } from '#device/pipeline/summary.js';
import { ChannelTable } from '#wire/channels.js';

const table = new ChannelTable([
  { name: 'speed', unit: 'km/h', scale: 0.01, offset: 0, rateHz: 10 },
  { name: 'fuelFlow', unit: 'kg/h', scale: 0.01, offset: 0, rateHz: 10 },
]);

/** Rows of [speed, fuelFlow] at 10 Hz. */
function rows(timeMs: number, ...pairs: [number, number][]) {
  const values = Float64Array.from([...pairs.map(([speed]) => speed), ...pairs.map(([, flow]) => flow)]);
  return { timeMs, periodUs: 100_000, count: pairs.length, channels: Uint16Array.of(0, 1), values };
}

function summariser(channels: string[], over = table) {
  const seconds: SecondSummary[] = [];
  return { seconds, summariser: new Summariser(over, channels, (second) => seconds.push(second)) };
}

describe('Summariser', () => {
  test('closes a second with the first sample of the next one', () => {
    const { seconds, summariser: it } = summariser(['speed', 'unknown']);
    it.push(rows(5000, [10, 0], [30, 0], [20, 0]));
    expect(seconds).toEqual([]);
    it.push(rows(6000, [1, 0]));
    expect(seconds).toEqual([
      { eventTimeMs: 5200, channels: { speed: { min: 10, max: 30, mean: 20, last: 20 } }, fuelUsedKg: 0 },
    ]);
  });

  test('splits a block at the second, wherever it falls', () => {
    const { seconds, summariser: it } = summariser(['speed']);
    const pairs = Array.from({ length: 25 }, (_, i): [number, number] => [i, 0]);
    it.push(rows(5500, ...pairs));
    expect(seconds.map(({ eventTimeMs, channels }) => [eventTimeMs, channels.speed.min, channels.speed.max])).toEqual([
      [5900, 0, 4],
      [6900, 5, 14],
    ]);
  });

  test('leaves missing samples out', () => {
    const { seconds, summariser: it } = summariser(['speed']);
    it.push(rows(5000, [10, 0], [Number.NaN, 0], [20, 0]));
    it.push(rows(6000, [0, 0]));
    expect(seconds[0].channels.speed).toEqual({ min: 10, max: 20, mean: 15, last: 20 });
  });

  test('integrates fuel flow: 36 kg/h for one second is 10 g', () => {
    const { seconds, summariser: it } = summariser([]);
    const second = Array.from({ length: 10 }, (): [number, number] => [0, 36]);
    it.push(rows(5000, ...second));
    it.push(rows(6000, ...second));
    it.push(rows(7000, [0, 36]));
    expect(seconds.map((each) => each.fuelUsedKg)).toEqual([expect.closeTo(0.01, 12), expect.closeTo(0.02, 12)]);
  });

  test('says nothing of fuel when the channel is in another unit', () => {
    const litres = new ChannelTable([table.channels[0], { ...table.channels[1], unit: 'L/h' }]);
    const { seconds, summariser: it } = summariser(['speed'], litres);
    it.push(rows(5000, [1, 36]));
    it.push(rows(6000, [1, 36]));
    expect(seconds[0]).not.toHaveProperty('fuelUsedKg');
  });

  test('late samples count towards the present second: no second is said twice', () => {
    const { seconds, summariser: it } = summariser(['speed']);
    it.push(rows(6000, [5, 0]));
    it.push(rows(5900, [50, 0]));
    it.push(rows(7000, [0, 0]));
    expect(seconds).toHaveLength(1);
    expect(seconds[0].channels.speed.max).toBe(50);
  });
});
