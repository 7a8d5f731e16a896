import { expect, test } from 'vitest';
import { identityBytes, readIdentity, withIdentity } from '#cloud/streams/identity-header.js';
import { seededRandom } from '#wire/random.js';

const identity = { thing: 'car-24', boot: '1-00f3a91c5e2b7d40', seq: 2 ** 47 };

test('what is written in front of a record is read again, and the record is a view', () => {
  for (const data of [Buffer.alloc(0), Buffer.from('{"v":1}')]) {
    const whole = withIdentity(identity, data);
    expect(whole).toHaveLength(identityBytes(identity.thing, identity.boot) + data.length);
    const opened = readIdentity(whole)!;
    expect(opened).toEqual({ ...identity, data });
    expect(opened.data.buffer).toBe(whole.buffer);
  }
  const umlaut = { thing: 'Gerät', boot: '', seq: 1 };
  expect(readIdentity(withIdentity(umlaut, Buffer.from('x')))).toMatchObject(umlaut);
});

const SEED = 3;
test(`seed ${SEED}: anything else has no identity, and a cut one none either`, () => {
  const whole = withIdentity(identity, Buffer.from(''));
  for (let length = 0; length < whole.length; length++) expect(readIdentity(whole.subarray(0, length))).toBeUndefined();
  for (const text of ['', '{"v":1,"kind":"lapChannels"}', 'C1p'])
    expect(readIdentity(Buffer.from(text))).toBeUndefined();
  const random = seededRandom(SEED);
  for (let i = 0; i < 2_000; i++) {
    const bytes = Buffer.from(Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256)));
    if (bytes.length >= 3) bytes.set(i % 2 === 0 ? [0xc1, 0x70, 1] : [0xc1, 0x70, 2]);
    const opened = readIdentity(bytes);
    if (i % 2 === 1) expect(opened).toBeUndefined();
    else if (opened) expect(opened.data.byteOffset + opened.data.length).toBe(bytes.byteOffset + bytes.length);
  }
});
