import { describe, expect, test } from 'vitest';
import { ChannelTable, MAX_CHANNELS } from '#wire/channels.js';

const speed = { name: 'speed', unit: 'km/h', scale: 0.01, offset: 0, rateHz: 100 };

describe('ChannelTable', () => {
  test('finds channels by name', () => {
    const table = new ChannelTable([speed, { ...speed, name: 'rpm' }]);
    expect([table.indexOf('rpm'), table.indexOf('gear')]).toEqual([1, -1]);
  });

  test('the same channels give the same hash, whatever the order of their fields', () => {
    const { rateHz, offset, scale, unit, name } = speed;
    const other = new ChannelTable([{ rateHz, offset, scale, unit, name }]);
    expect(other.hash).toBe(new ChannelTable([speed]).hash);
    expect(other.hash).toMatch(/^[0-9a-f]{16}$/);
  });

  test.each([
    ['name', { name: 'v' }],
    ['unit', { unit: 'm/s' }],
    ['scale', { scale: 0.1 }],
    ['offset', { offset: 1 }],
    ['rate', { rateHz: 50 }],
  ])('another %s gives another hash', (_field, change) => {
    expect(new ChannelTable([{ ...speed, ...change }]).hash).not.toBe(new ChannelTable([speed]).hash);
  });

  test('knows where 1/scale is a whole number', () => {
    const table = new ChannelTable([0.01, 1e-7, 3, 0.3].map((scale, i) => ({ ...speed, name: `c${i}`, scale })));
    expect([...table.inverseScale]).toEqual([100, 10_000_000, 0, 0]);
  });

  test.each([
    ['no channels', []],
    ['too many', Array.from({ length: MAX_CHANNELS + 1 }, (_, i) => ({ ...speed, name: `c${i}` }))],
    ['a name twice', [speed, speed]],
    ['no name', [{ ...speed, name: '' }]],
    ['scale 0', [{ ...speed, scale: 0 }]],
    ['no offset', [{ ...speed, offset: Number.NaN }]],
    ['rate 0', [{ ...speed, rateHz: 0 }]],
  ])('refuses %s', (_what, channels) => {
    expect(() => new ChannelTable(channels)).toThrow(expect.objectContaining({ code: 'PW-WIRE-TABLE' }));
  });
});
