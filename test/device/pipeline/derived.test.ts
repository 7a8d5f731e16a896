import { describe, expect, test } from 'vitest';
import { car, range } from './campaigns/driver.js';

const half = { name: 'half', unit: 'km/h', scale: 0.1, expression: 'speed / 2' };

describe('derived channels', () => {
  test('at each sample of what they read, with its time, whatever the order in which they are written', () => {
    const quarter = { name: 'quarter', unit: 'km/h', scale: 0.1, expression: 'half / 2' };
    const { drive, water, collected } = car({ derived: [quarter, half] });
    drive(0, 50);
    water(60, 80);
    const of = (name: string) => collected.filter((each) => each[1] === name).map(([at, , value]) => [at, value]);
    expect(of('half')).toEqual(range(0, 50, 10).map((ms) => [ms, ms / 2]));
    expect(of('quarter')).toEqual(range(0, 50, 10).map((ms) => [ms, ms / 4]));
  });

  test('once in a period', () => {
    const derived = [{ ...half, expression: 'avg(speed, 200 ms)', everyMs: 100 }];
    const { drive, collected } = car({ derived });
    drive(0, 350);
    const times = collected.filter(([, name]) => name === 'half').map(([atMs]) => atMs);
    expect(times).toEqual([0, 100, 200, 300]);
  });

  test('alarms and campaigns see the value of the same row', () => {
    const seen: number[] = [];
    const { drive, evaluation, timesOf } = car({
      derived: [half],
      alarms: [{ name: 'fast', level: 'warning', condition: 'half >= 30' }],
      onAlarm: ({ eventTimeMs }) => seen.push(eventTimeMs),
    });
    const when = { type: 'condition', condition: 'half >= 30' };
    evaluation.replaceCampaigns([{ v: 1, id: 'a', version: 1, when, collect: [{ channels: ['half', 'gear'] }] }]);
    drive(0, 80);
    expect(seen).toHaveLength(1);
    expect(timesOf('half')).toEqual([60, 70]);
    expect(timesOf('gear')).toEqual([60, 70]);
  });

  test('go to the summary as well as into frames', () => {
    const { drive, seen } = car({ derived: [half] });
    drive(0, 20);
    expect(seen.map(([, name]) => name)).toContain('half');
  });

  test.each([
    [
      'a circle',
      [
        { ...half, name: 'a', expression: 'b + speed' },
        { ...half, name: 'b', expression: 'a * 2' },
      ],
      'PW-DERIVED-INVALID',
      'a → b → a',
    ],
    ['itself', [{ ...half, expression: 'last(half) + speed' }], 'PW-DERIVED-INVALID', 'half → half'],
    ['a name that is taken', [{ ...half, name: 'rpm' }], 'PW-DERIVED-INVALID', '"rpm": the name is taken'],
    ['no channel', [{ ...half, expression: 'lap * 2' }], 'PW-DERIVED-INVALID', 'reads no channel'],
    ['a condition', [{ ...half, expression: 'speed > 2' }], 'PW-EXPRESSION-TYPE', 'A condition where a number'],
  ])('%s is refused', (_name, derived, code, message) => {
    expect(() => car({ derived })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});
