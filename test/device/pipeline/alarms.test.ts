import { describe, expect, test } from 'vitest';
import { type AlarmRule, Alarms } from '#device/pipeline/alarms.js';
import { ChannelTable } from '#wire/channels.js';

const table = new ChannelTable([
  { name: 'rpm', unit: 'rpm', scale: 1, offset: 0, rateHz: 100 },
  { name: 'oilPressure', unit: 'kPa', scale: 1, offset: 0, rateHz: 100 },
]);
const tooLow: AlarmRule = {
  name: 'oilLow',
  channel: 'oilPressure',
  when: 'below',
  limit: 200,
  hysteresis: 20,
  level: 'critical',
};

function changes(rule: AlarmRule, ...values: number[]) {
  const seen: [string, number, number][] = [];
  const alarms = new Alarms(table, [rule], ({ state, value, eventTimeMs }) => seen.push([state, value, eventTimeMs]));
  alarms.push({
    timeMs: 1000,
    periodUs: 10_000,
    count: values.length,
    channels: Uint16Array.of(1),
    values: Float64Array.from(values),
  });
  return seen;
}

describe('Alarms', () => {
  test('raises at the sample that crosses the limit and clears beyond the hysteresis only', () => {
    expect(changes(tooLow, 250, 199, 201, 219, 221, 250)).toEqual([
      ['raised', 199, 1010],
      ['cleared', 221, 1040],
    ]);
  });

  test('above is the mirror image', () => {
    expect(changes({ ...tooLow, when: 'above' }, 199, 201, 181, 179)).toEqual([
      ['raised', 201, 1010],
      ['cleared', 179, 1030],
    ]);
  });

  test('a missing sample neither raises nor clears', () => {
    expect(changes(tooLow, Number.NaN, 150, Number.NaN, 150)).toEqual([['raised', 150, 1010]]);
  });

  test('a channel that the table lacks never fires', () => {
    expect(changes({ ...tooLow, channel: 'boost' }, 0)).toEqual([]);
  });

  test('refuses a rule that could flap for ever or is named twice', () => {
    expect(() => new Alarms(table, [{ ...tooLow, hysteresis: -1 }], () => {})).toThrow(
      expect.objectContaining({ code: 'PW-AGENT-OPTION' }),
    );
    expect(() => new Alarms(table, [tooLow, tooLow], () => {})).toThrow(
      expect.objectContaining({ code: 'PW-AGENT-OPTION' }),
    );
  });
});
