import { describe, expect, it } from 'vitest';
import * as format from '#cloud/dashboard/web/format.js';

describe('figures on the screen', () => {
  it.each<[number | undefined, string]>([
    [29_874, '29.874'],
    [9_040.4, '9.040'],
    [59_999.6, '1:00.000'],
    [62_318, '1:02.318'],
    [undefined, '–'],
    [Number.NaN, '–'],
  ])('lap time %s is %s', (ms, text) => {
    expect(format.lapTime(ms)).toBe(text);
  });

  it.each<[number | undefined, string]>([
    [1_234, '+1.234'],
    [-3, '+0.000'],
    [62_318, '+1:02.318'],
    [undefined, '–'],
  ])('gap %s is %s', (ms, text) => {
    expect(format.gap(ms)).toBe(text);
  });

  it('laps down are counted in words', () => {
    expect([format.lapsDown(1), format.lapsDown(3)]).toEqual(['+1 LAP', '+3 LAPS']);
  });

  it.each<[number | undefined, string]>([
    [7_900, '0:07'],
    [754_000, '12:34'],
    [3_754_000, '1:02:34'],
    [-1, '0:00'],
    [undefined, '–'],
  ])('clock %s is %s', (ms, text) => {
    expect(format.clock(ms)).toBe(text);
  });

  it.each<[number | undefined, string]>([
    [180, '0.2 s'],
    [9_949, '9.9 s'],
    [9_960, '10 s'],
    [99_000, '99 s'],
    [180_000, '3 min'],
    [undefined, '–'],
  ])('age %s is %s', (ms, text) => {
    expect(format.age(ms)).toBe(text);
  });

  it.each([
    [2_430, '+2.4 s'],
    [-380, '−0.4 s'],
    [-20, '+0.0 s'],
  ])('gain %s is %s', (ms, text) => {
    expect(format.gain(ms)).toBe(text);
  });

  it.each([
    [5, '5×'],
    [4.93, '4.9×'],
    [9.96, '10×'],
    [0, '0×'],
  ])('speed %s is %s', (rate, text) => {
    expect(format.speed(rate)).toBe(text);
  });

  it('a band shows its half width, an absent one nothing', () => {
    expect(format.band({ low: 7.6, mean: 8.2, high: 8.9 })).toBe('8.2 ±0.7');
    expect(format.band(undefined)).toBe('–');
  });

  it('a finish is a whole place, with what 8 in 10 races lie between', () => {
    expect(format.placeAtFlag({ place: 11.6, low: 8.9, high: 15 })).toBe('P12 (9–15)');
  });

  it('channels and units as people write them', () => {
    expect(['oilTemperature', 'fuel_flow', 'wheelSpeed.fl', 'rpm'].map(format.channelName)).toEqual([
      'oil temperature',
      'fuel flow',
      'wheel speed fl',
      'rpm',
    ]);
    expect(['Cel', '1', 'km/h'].map(format.unitSign)).toEqual(['°C', '', 'km/h']);
  });

  it('samples get the decimals of their channel’s range, whatever the value', () => {
    const speed = format.decimalsFor([0, 297]);
    expect([format.sample(9.96, speed), format.sample(287.4, speed)]).toEqual(['10', '287']);
    const g = format.decimalsFor([-1.9, 1.2]);
    expect([format.sample(-1.2345, g), format.sample(-0.0001, g), format.sample(Number.NaN, g)]).toEqual([
      '−1.234',
      '0.000',
      '–',
    ]);
  });
});
