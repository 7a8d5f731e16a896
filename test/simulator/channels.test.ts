import { describe, expect, it } from 'vitest';
import { at, carChannels, channelLimits } from '#simulator/channels.js';

describe('the channels of a car', () => {
  const table = carChannels(100);

  it('are 60, each with a unit, at the rate asked for', () => {
    expect(table.channels).toHaveLength(60);
    for (const { unit, rateHz } of table.channels) {
      expect(unit).not.toBe('');
      expect(rateHz).toBe(100);
    }
  });

  it('carry the names and units that rules, reducers and screen read', () => {
    const unitOf = (name: string) => table.channels[table.indexOf(name)]?.unit;
    expect(unitOf('speed')).toBe('km/h');
    expect(unitOf('rpm')).toBe('rpm');
    expect(unitOf('throttle')).toBe('%');
    expect(unitOf('brakeFront')).toBe('kPa');
    expect(unitOf('fuelFlow')).toBe('kg/h');
    expect(unitOf('waterTemp')).toBe('Cel');
    expect(unitOf('lapCount')).toBe('1');
  });

  it('have no fuel level', () => {
    expect(table.channels.filter(({ name }) => /fuel/i.test(name)).map(({ name }) => name)).toEqual([
      'fuelFlow',
      'fuelPressure',
    ]);
  });

  it('are found by name at their index, with limits that fit', () => {
    for (const [name, index] of Object.entries(at)) expect(table.indexOf(name)).toBe(index);
    for (const { low, high } of channelLimits) expect(low).toBeLessThan(high);
  });

  it('are another table at another rate', () => {
    expect(carChannels(100).hash).toBe(table.hash);
    expect(carChannels(50).hash).not.toBe(table.hash);
  });
});
