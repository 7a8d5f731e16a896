import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksumClaim, checksumOfParts, hasher } from '#cloud/local/s3/checksums.js';
import { crc32c, crc64nvme } from '#cloud/local/s3/crc.js';

const SEED = 31;
const CHECK = Buffer.from('123456789');
const crcOf = (algorithm: 'CRC32' | 'CRC32C' | 'CRC64NVME', bytes: Uint8Array) => {
  const made = hasher(algorithm);
  made.update(bytes);
  return made.digest().toString('base64');
};

describe('CRCs', () => {
  it('have the check values of their catalogues', () => {
    expect(crc32c(CHECK).toString(16)).toBe('e3069283');
    const { high, low } = crc64nvme(CHECK);
    expect([high, low]).toEqual([0xae8b1486, 0x0a799888]);
  });

  it(`are the same however the bytes are cut, and combine (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, at) => {
        const [a, b] = [bytes.subarray(0, at), bytes.subarray(at)];
        expect(crc32c(b, crc32c(a))).toBe(crc32c(bytes));
        expect(crc64nvme(b, crc64nvme(a))).toEqual(crc64nvme(bytes));
        for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME'] as const) {
          const parts = [a, b].map((part) => ({ bytes: part.length, checksum: crcOf(algorithm, part) }));
          const { value } = checksumOfParts(algorithm, 'FULL_OBJECT', parts);
          expect(value).toBe(crcOf(algorithm, bytes));
        }
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it('of parts, composed, are the checksum of their checksums', () => {
    const parts = ['a', 'b'].map((text) => ({ bytes: 1, checksum: crcOf('CRC32', Buffer.from(text)) }));
    const expected = Buffer.alloc(4);
    expected.writeUInt32BE(crc32(Buffer.concat(parts.map(({ checksum }) => Buffer.from(checksum, 'base64')))));
    expect(checksumOfParts('CRC32', 'COMPOSITE', parts).value).toBe(`${expected.toString('base64')}-2`);
  });
});

describe('what a client says of its body', () => {
  const code = (headers: Record<string, string>) => {
    try {
      return checksumClaim(headers);
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it('is one checksum, in a header or a trailer', () => {
    expect(code({})).toBeUndefined();
    expect(code({ 'x-amz-checksum-mode': 'ENABLED' })).toBeUndefined();
    expect(code({ 'x-amz-checksum-crc32': 'NhCmhg==', 'x-amz-sdk-checksum-algorithm': 'CRC32' })).toEqual({
      algorithm: 'CRC32',
      value: 'NhCmhg==',
    });
    expect(code({ 'x-amz-trailer': 'x-amz-checksum-crc64nvme' })).toEqual({ algorithm: 'CRC64NVME' });
  });

  it('is refused when it is two, malformed, announced only, or of an algorithm that is not served', () => {
    expect(code({ 'x-amz-checksum-crc32': 'NhCmhg==', 'x-amz-trailer': 'x-amz-checksum-sha1' })).toBe('InvalidRequest');
    expect(code({ 'x-amz-checksum-crc32': 'NhCm' })).toBe('InvalidRequest');
    expect(code({ 'x-amz-sdk-checksum-algorithm': 'CRC32' })).toBe('InvalidRequest');
    expect(code({ 'x-amz-checksum-crc32': 'NhCmhg==', 'x-amz-sdk-checksum-algorithm': 'SHA1' })).toBe('InvalidRequest');
    expect(code({ 'x-amz-checksum-xxhash64': 'NhCmhg==' })).toBe('NotImplemented');
  });
});
