import { describe, expect, test } from 'vitest';
import { formatBoot, parseBoot, THING_NAME } from '#wire/identity.js';

describe('boot', () => {
  test.each([
    [{ counter: 12, random: 0x00f3_a91c_5e2b_7d40n }, '12-00f3a91c5e2b7d40'],
    [{ counter: 1, random: 0n }, '1-0000000000000000'],
    [{ counter: 4_294_967_295, random: 0xffff_ffff_ffff_ffffn }, '4294967295-ffffffffffffffff'],
  ])('%o is written %s and read back', (boot, text) => {
    expect(formatBoot(boot)).toBe(text);
    expect(parseBoot(text)).toEqual(boot);
  });

  test.each(['', '12', '12-00F3A91C5E2B7D40', '12-00f3a91c5e2b7d4', '-00f3a91c5e2b7d40', '1-00f3a91c5e2b7d40 '])(
    'refuses "%s"',
    (text) => {
      expect(() => parseBoot(text)).toThrow(expect.objectContaining({ code: 'PW-WIRE-MESSAGE' }));
    },
  );
});

test('thing names are those of AWS IoT', () => {
  for (const name of ['car-24', 'a', 'A:b_c-1', 'x'.repeat(128)]) expect(THING_NAME.test(name), name).toBe(true);
  for (const name of ['', 'car 24', 'car/24', 'x'.repeat(129), '../ca', 'ä'])
    expect(THING_NAME.test(name), name).toBe(false);
});
