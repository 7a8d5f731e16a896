import { cbor, tag } from '@smithy/core/cbor';
import { describe, expect, it } from 'vitest';
import { encodeCbor, parseCbor } from '#cloud/local/cbor.js';

const members = { blobs: new Set(['Data']), timestamps: new Set(['At']) };

describe('AWS’s CBOR', () => {
  it('is read as what JSON would have been', () => {
    const data = Buffer.from([0, 255, 128]);
    const body = cbor.serialize({
      List: [{ Data: data }],
      At: tag({ tag: 1, value: 1_700_000_000_123 }),
      N: 3,
      On: true,
    });
    expect(parseCbor(body)).toEqual({ List: [{ Data: 'AP+A' }], At: 1_700_000_000.123, N: 3, On: true });
    expect(parseCbor(Buffer.alloc(0))).toEqual({});
  });

  it('is read with maps and lists of unsaid length, as Java writes them', () => {
    const body = Buffer.from('bf6a53747265616d4e616d65617361589f0102ffff', 'hex');
    expect(parseCbor(body)).toEqual({ StreamName: 's', X: [1, 2] });
  });

  it('takes a map that looks like a tag for a map', () => {
    expect(parseCbor(cbor.serialize({ In: { tag: 1, value: 5 } }))).toEqual({ In: { tag: 1, value: 5 } });
  });

  it('is written with bytes and times', () => {
    const document = { Records: [{ Data: 'AP+A', At: 1_700_000_000.123, Name: 'Zoë' }], Next: null };
    const read = cbor.deserialize(encodeCbor(document, members)) as { Records: Record<string, unknown>[] };
    expect(read.Records[0].Name).toBe('Zoë');
    expect(Buffer.from(read.Records[0].Data as Uint8Array)).toEqual(Buffer.from([0, 255, 128]));
    expect(read.Records[0].At).toMatchObject({ tag: 1, value: 1_700_000_000_123 });
  });

  it.each([
    ['not a map', Buffer.from([0x83, 1, 2, 3])],
    ['cut off', Buffer.from([0xa1, 0x61])],
    ['a length that is not there', Buffer.from([0xba, 255, 255, 255, 255])],
    ['a list without an end', Buffer.from([0x9f, 1, 2])],
    ['a hundred thousand lists', Buffer.concat([Buffer.from([0xa1, 0x61, 0x61]), Buffer.alloc(100_000, 0x81)])],
    ['a big number without its bytes', Buffer.from([0xc2, 0x5b, 0, 0, 0, 255, 255, 255, 255, 255])],
    ['text', Buffer.from('"StreamName"')],
  ])('%s is refused', (_name, body) => {
    expect(() => parseCbor(body)).toThrow(expect.objectContaining({ code: 'SerializationException' }));
  });
});
