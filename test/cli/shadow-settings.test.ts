import { describe, expect, it } from 'vitest';
import { parseSettings } from '#cli/commands/shadow-settings.js';

describe('what a user sets', () => {
  it('is key=value, JSON where it reads as JSON, text otherwise, with dots for depth', () => {
    const settings = ['wingDeg=6', 'fuel.map=B', 'fuel.limitKg=98.5', 'note=a=b', 'old=null', 'psi=[23,24]', 'on=true'];
    expect(parseSettings(settings)).toEqual({
      wingDeg: 6,
      fuel: { map: 'B', limitKg: 98.5 },
      note: 'a=b',
      old: null,
      psi: [23, 24],
      on: true,
    });
  });

  it('or one JSON object', () => {
    expect(parseSettings([' {"a":{"b":1}}'])).toEqual({ a: { b: 1 } });
  });

  it('keeps a key named __proto__ as a key', () => {
    expect(JSON.stringify(parseSettings(['__proto__.x=1']))).toBe('{"__proto__":{"x":1}}');
  });

  it.each([[['wingDeg']], [['=1']], [['a..b=1']], [['a=1', 'a=2']], [['a=1', 'a.b=2']], [['{"a":']]])(
    'refuses %j',
    (settings) => {
      expect(() => parseSettings(settings)).toThrow(expect.objectContaining({ code: 'PW-USAGE-ARGUMENT' }));
    },
  );
});
