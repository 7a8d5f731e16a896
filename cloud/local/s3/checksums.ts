import { createHash, type Hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { crc32 } from 'node:zlib';
import { type Crc64, type CrcName, combineCrc, crc32c, crc64nvme } from './crc.js';
import { invalidRequest, notImplemented } from './errors.js';

/** The additional checksums that are served; the names are those of the API, and of the headers in lower case. */
const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

/** Of the whole object, or a checksum of its parts' checksums. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

/** As it stands on the wire: base64, of a composite with `-<parts>` behind it. */
export interface Checksum {
  algorithm: ChecksumAlgorithm;
  type: ChecksumType;
  value: string;
}

/** What S3 computes when a client names none. */
export const DEFAULT_ALGORITHM = 'CRC64NVME';

const PREFIX = 'x-amz-checksum-';

export const checksumHeader = (algorithm: ChecksumAlgorithm): string => `${PREFIX}${algorithm.toLowerCase()}`;

/** Name of the element that carries it in a document, e.g. `ChecksumCRC32`. */
export const checksumElement = (algorithm: ChecksumAlgorithm): string => `Checksum${algorithm}`;

/** An algorithm by its name in the API; throws NotImplemented for one that is not served. */
export function algorithmNamed(name: string): ChecksumAlgorithm {
  const found = CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === name.toUpperCase());
  if (found === undefined) throw notImplemented(`checksum algorithm ${name}`);
  return found;
}

/** What a client says that its body's checksum is. `value` is undefined when it follows as a trailer. */
export interface ChecksumClaim {
  algorithm: ChecksumAlgorithm;
  value?: string;
}

/** From `x-amz-checksum-*` or `x-amz-trailer`. Throws InvalidRequest when there are two, or one is malformed. */
export function checksumClaim(headers: IncomingHttpHeaders): ChecksumClaim | undefined {
  const named = Object.keys(headers)
    .filter((header) => header.startsWith(PREFIX) && !NOT_A_VALUE.has(header))
    .map(
      (header): ChecksumClaim => ({
        algorithm: algorithmNamed(header.slice(PREFIX.length)),
        value: one(headers[header]),
      }),
    );
  const trailer = one(headers['x-amz-trailer'])?.trim().toLowerCase();
  if (trailer?.startsWith(PREFIX)) named.push({ algorithm: algorithmNamed(trailer.slice(PREFIX.length)) });
  if (named.length > 1) {
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  }
  const [claim] = named;
  if (claim?.value !== undefined) checkForm(claim.algorithm, claim.value);
  const announced = one(headers['x-amz-sdk-checksum-algorithm']);
  if (announced !== undefined && claim === undefined) {
    throw invalidRequest(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  if (announced !== undefined && algorithmNamed(announced) !== claim?.algorithm) {
    throw invalidRequest('Value for x-amz-sdk-checksum-algorithm header is invalid.');
  }
  return claim;
}

const NOT_A_VALUE: ReadonlySet<string> = new Set([`${PREFIX}algorithm`, `${PREFIX}type`, `${PREFIX}mode`]);

const BYTES: Readonly<Record<ChecksumAlgorithm, number>> = { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32 };

/** Throws InvalidRequest unless it is base64 of as many bytes as the algorithm gives. */
export function checkForm(algorithm: ChecksumAlgorithm, value: string): void {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length !== BYTES[algorithm] || bytes.toString('base64') !== value) {
    throw invalidRequest(`Value for ${checksumHeader(algorithm)} header is invalid.`);
  }
}

/** A checksum in the making. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  digest(): Buffer;
}

export function hasher(algorithm: ChecksumAlgorithm): Hasher {
  switch (algorithm) {
    case 'CRC32':
      return new Crc32Hasher(crc32);
    case 'CRC32C':
      return new Crc32Hasher(crc32c);
    case 'CRC64NVME':
      return new Crc64Hasher();
    case 'SHA1':
    case 'SHA256':
      return new NodeHasher(createHash(algorithm.toLowerCase()));
  }
}

class Crc32Hasher implements Hasher {
  readonly #step: (bytes: Uint8Array, state: number) => number;
  #state = 0;

  constructor(step: (bytes: Uint8Array, state: number) => number) {
    this.#step = step;
  }

  update(bytes: Uint8Array): void {
    this.#state = this.#step(bytes, this.#state);
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.#state);
    return bytes;
  }
}

class Crc64Hasher implements Hasher {
  #state: Crc64 = { high: 0, low: 0 };

  update(bytes: Uint8Array): void {
    this.#state = crc64nvme(bytes, this.#state);
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(this.#state.high, 0);
    bytes.writeUInt32BE(this.#state.low, 4);
    return bytes;
  }
}

class NodeHasher implements Hasher {
  readonly #hash: Hash;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  digest(): Buffer {
    return this.#hash.digest();
  }
}

/** The type of an upload's checksum when its creator names none, and those that it may name. */
export const MULTIPART_TYPES: Readonly<Record<ChecksumAlgorithm, readonly ChecksumType[]>> = {
  CRC32: ['COMPOSITE', 'FULL_OBJECT'],
  CRC32C: ['COMPOSITE', 'FULL_OBJECT'],
  CRC64NVME: ['FULL_OBJECT'],
  SHA1: ['COMPOSITE'],
  SHA256: ['COMPOSITE'],
};

/** Checksum of an object from those of its parts, in order. */
export function checksumOfParts(
  algorithm: ChecksumAlgorithm,
  type: ChecksumType,
  parts: readonly { bytes: number; checksum: string }[],
): Checksum {
  if (type === 'COMPOSITE') {
    const whole = hasher(algorithm);
    for (const { checksum } of parts) whole.update(Buffer.from(checksum, 'base64'));
    return { algorithm, type, value: `${whole.digest().toString('base64')}-${parts.length}` };
  }
  const [first, ...rest] = parts.map(({ bytes, checksum }) => ({ bytes, crc: toBigInt(checksum) }));
  const crc = rest.reduce((sum, part) => combineCrc(algorithm as CrcName, sum, part.crc, part.bytes), first.crc);
  const value = Buffer.from(crc.toString(16).padStart(BYTES[algorithm] * 2, '0'), 'hex').toString('base64');
  return { algorithm, type, value };
}

function toBigInt(base64: string): bigint {
  return BigInt(`0x${Buffer.from(base64, 'base64').toString('hex')}`);
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}
