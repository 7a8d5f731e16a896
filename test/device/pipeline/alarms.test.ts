import { describe, expect, test } from 'vitest';
import type { AlarmRule } from '#device/pipeline/alarms.js';
import { Evaluation } from '#device/pipeline/evaluation.js';
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

const RPM = 0;
const OIL_PRESSURE = 1;

function watch(rules: readonly AlarmRule[]) {
  const seen: [string, number, number][] = [];
  const evaluation = new Evaluation({
    table,
    alarms: rules,
    onAlarm: ({ state, value, eventTimeMs }) => seen.push([state, value, eventTimeMs]),
    onSamples: () => {},
    onCollected: () => {},
  });
  const push = (channel: number, timeMs: number, ...values: number[]) =>
    evaluation.push({
      timeMs,
      periodUs: 10_000,
      count: values.length,
      channels: Uint16Array.of(channel),
      values: Float64Array.from(values),
    });
  return { seen, push };
}

function changes(rule: AlarmRule, ...values: number[]) {
  const { seen, push } = watch([rule]);
  push(OIL_PRESSURE, 1000, ...values);
  return seen;
}

describe('alarms', () => {
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

  test('a number computed from channels has limits like a channel', () => {
    const { channel, ...rest } = tooLow;
    const rule: AlarmRule = { ...rest, expression: `max(${channel}, 20 ms)` };
    expect(changes(rule, 250, 199, 199, 199, 230)).toEqual([
      ['raised', 199, 1020],
      ['cleared', 230, 1040],
    ]);
  });

  test('a condition over channels that come in different blocks, with a second one that clears it', () => {
    const { seen, push } = watch([
      {
        name: 'oil',
        level: 'critical',
        condition: 'oilPressure < 200 [kPa] and rpm > 4000',
        clear: 'oilPressure > 250',
      },
    ]);
    push(OIL_PRESSURE, 1000, 180, 180);
    push(RPM, 1010, 3000, 5000, 3000);
    push(OIL_PRESSURE, 1050, 240, 260);
    expect(seen).toEqual([
      ['raised', 1, 1020],
      ['cleared', 0, 1060],
    ]);
  });

  test('a condition without a second one clears when it is false, not when it is missing', () => {
    const rule: AlarmRule = { name: 'oil', level: 'warning', condition: 'oilPressure < 200' };
    expect(changes(rule, 199, Number.NaN, 199, 201)).toEqual([
      ['raised', 1, 1000],
      ['cleared', 0, 1030],
    ]);
  });

  test('refuses a channel that there is not, with the nearest', () => {
    expect(() => watch([{ ...tooLow, channel: 'oilPresure' }])).toThrow(
      expect.objectContaining({
        code: 'PW-EXPRESSION-NAME',
        message: expect.stringContaining('Did you mean "oilPressure"?'),
      }),
    );
  });

  test('refuses a rule that could flap for ever, is named twice, or watches nothing', () => {
    const refusals = [[{ ...tooLow, hysteresis: -1 }], [tooLow, tooLow], [{ ...tooLow, channel: undefined }]];
    for (const rules of refusals) {
      expect(() => watch(rules)).toThrow(expect.objectContaining({ code: 'PW-AGENT-OPTION' }));
    }
  });
});
