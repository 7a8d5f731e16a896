import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type ChunkedOptions, decodeChunked } from '#cloud/local/s3/aws-chunked.js';
import type { Seed } from '#cloud/local/sigv4.js';

/** The two examples of S3's API reference, "Transferring payload in multiple chunks": 66,560 times the letter a. */
const KEY = ['20130524', 'us-east-1', 's3', 'aws4_request'].reduce<Buffer | string>(
  (key, part) => createHmac('sha256', key).update(part).digest(),
  'AWS4wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
);
const seed = (signature: string): Seed => ({
  signature,
  amzDate: '20130524T000000Z',
  scope: '20130524/us-east-1/s3/aws4_request',
  signedHeaders: [],
  sign: (text) => createHmac('sha256', KEY).update(text).digest('hex'),
});
const chunk = (bytes: number, signature: string) =>
  `${bytes.toString(16)};chunk-signature=${signature}\r\n${'a'.repeat(bytes)}\r\n`;
const PLAIN = {
  options: {
    seed: seed('4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9'),
    trailer: false,
    chunkBytesMin: 8_192,
  },
  body: [
    chunk(65_536, 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648'),
    chunk(1_024, '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497'),
    chunk(0, 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9'),
  ].join(''),
};
const LAST = '0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n';
const TRAILED = {
  options: {
    seed: seed('106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e'),
    trailer: true,
    chunkBytesMin: 8_192,
  },
  body: [
    chunk(65_536, 'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2'),
    chunk(1_024, '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7'),
    LAST,
    'x-amz-checksum-crc32c:sOO8/Q==\r\n',
    'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n',
  ].join(''),
};
const UNSIGNED = { trailer: true, chunkBytesMin: 4 };

async function decode(body: string, options: ChunkedOptions, cut = 7_001) {
  const trailers = new Map<string, string>();
  const source = async function* () {
    for (let at = 0; at < body.length; at += cut) yield Buffer.from(body.slice(at, at + cut), 'latin1');
  };
  const parts: Buffer[] = [];
  try {
    for await (const part of decodeChunked(source(), options, trailers)) parts.push(part);
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return { text: Buffer.concat(parts).toString('latin1'), trailers: Object.fromEntries(trailers) };
}

describe('aws-chunked', () => {
  it("decodes and verifies AWS's own examples", async () => {
    expect(await decode(PLAIN.body, PLAIN.options)).toEqual({ text: 'a'.repeat(66_560), trailers: {} });
    expect(await decode(TRAILED.body, TRAILED.options)).toEqual({
      text: 'a'.repeat(66_560),
      trailers: { 'x-amz-checksum-crc32c': 'sOO8/Q==' },
    });
  });

  it('refuses them with one byte of payload, signature or trailer changed, or a chunk left out', async () => {
    expect(await decode(PLAIN.body.replace('aaaa', 'aaba'), PLAIN.options)).toBe('SignatureDoesNotMatch');
    expect(await decode(PLAIN.body.replace('=0055', '=0056'), PLAIN.options)).toBe('SignatureDoesNotMatch');
    expect(await decode(PLAIN.body.replace(/400;.*\r\na+\r\n/, ''), PLAIN.options)).toBe('SignatureDoesNotMatch');
    expect(await decode(TRAILED.body.replace('sOO8', 'sOO9'), TRAILED.options)).toBe('SignatureDoesNotMatch');
    expect(await decode(TRAILED.body.replace(/x-amz-trailer-sig.*\r\n/, ''), TRAILED.options)).toBe(
      'SignatureDoesNotMatch',
    );
    expect(await decode(PLAIN.body.replace(/;chunk-signature=[0-9a-f]+/, ''), PLAIN.options)).toBe('InvalidRequest');
  });

  it('decodes unsigned chunks, wherever the network cuts them', async () => {
    const body = '5\r\nhello\r\n3\r\n\r\n!\r\n0\r\nX-Amz-Checksum-CRC32:NhCmhg==\r\n\r\n';
    for (let cut = 1; cut <= body.length; cut++) {
      expect(await decode(body, UNSIGNED, cut)).toEqual({
        text: 'hello\r\n!',
        trailers: { 'x-amz-checksum-crc32': 'NhCmhg==' },
      });
    }
  });

  it('refuses what is not one: a size that lies, an end that is missing, something behind it, small chunks within', async () => {
    expect(await decode('4\r\nhello\r\n0\r\n\r\n', UNSIGNED)).toBe('IncompleteBody');
    expect(await decode('6\r\nhello\r\n', UNSIGNED)).toBe('IncompleteBody');
    expect(await decode('5\r\nhello\r\n0\r\n', UNSIGNED)).toBe('IncompleteBody');
    expect(await decode('5\r\nhello\r\n0\r\n\r\nmore', UNSIGNED)).toBe('InvalidRequest');
    expect(await decode('zz\r\n', UNSIGNED)).toBe('InvalidRequest');
    expect(await decode('x'.repeat(5_000), UNSIGNED)).toBe('InvalidRequest');
    expect(await decode('3\r\nabc\r\n4\r\nabcd\r\n0\r\n\r\n', UNSIGNED)).toBe('InvalidChunkSizeError');
  });
});
