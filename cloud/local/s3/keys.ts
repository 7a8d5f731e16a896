import type { Checksum, ChecksumAlgorithm, ChecksumType } from './checksums.js';

/**
 * Keys of the index. The names are UTF-8, so that keys compare as S3 lists them; no bucket's name and no upload's id has a
 * zero byte.
 *
 *     0 | body id                                  a file that no record refers to: to be removed
 *     1 | bucket                                   a bucket
 *     2 | bucket | 0 | key                         an object
 *     3 | bucket | 0 | key | 0 | upload id         a multipart upload
 *     4 | upload id | part number u16              one of its parts
 */
const KIND = { loose: 0, bucket: 1, object: 2, upload: 3, part: 4 } as const;

const ZERO = Buffer.from([0]);

function key(kind: number, ...parts: (string | Uint8Array)[]): Buffer {
  return Buffer.concat([
    Buffer.from([kind]),
    ...parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
  ]);
}

/** Bounds of everything of a kind. */
const rangeOf = (kind: number): Range => ({ from: Buffer.from([kind]), to: Buffer.from([kind + 1]) });

export interface Range {
  from: Buffer;
  to: Buffer;
}

export const LOOSE = rangeOf(KIND.loose);
export const BUCKETS = rangeOf(KIND.bucket);

export const looseKey = (id: string): Buffer => key(KIND.loose, id);
export const looseId = (bytes: Buffer): string => bytes.toString('latin1', 1);

export const bucketKey = (name: string): Buffer => key(KIND.bucket, name);
export const bucketName = (bytes: Buffer): string => bytes.toString('latin1', 1);

/** What all objects of a bucket begin with; an object's key follows. */
export const objectsOf = (bucket: string): Buffer => key(KIND.object, bucket, ZERO);
export const objectKey = (bucket: string, name: string): Buffer => key(KIND.object, bucket, ZERO, name);

/** What all uploads of a bucket begin with; object key, zero and id follow. */
export const uploadsOf = (bucket: string): Buffer => key(KIND.upload, bucket, ZERO);
export const uploadKey = (bucket: string, name: string, uploadId: string): Buffer =>
  key(KIND.upload, bucket, ZERO, name, ZERO, uploadId);

export function partKey(uploadId: string, number: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(number);
  return key(KIND.part, uploadId, bytes);
}

export const partsOf = (uploadId: string): Range => {
  const from = key(KIND.part, uploadId);
  return { from, to: successor(from) };
};

/** The first text after all that begin with this one; it must not be all 0xff, which UTF-8 never is. */
export function successor(prefix: Buffer): Buffer {
  const next = Buffer.from(prefix);
  for (let i = next.length - 1; i >= 0; i--) {
    if (next[i] !== 0xff) {
      next[i]++;
      return next.subarray(0, i + 1);
    }
  }
  return Buffer.from([0xff]);
}

/** A file with a part of a body. */
export interface Segment {
  id: string;
  bytes: number;
}

export interface BucketRecord {
  createdMs: number;
}

/** Headers that an object gives back: standard ones and its own metadata, names in lower case. */
export type KeptHeaders = Readonly<Record<string, string>>;

export interface ObjectRecord {
  bytes: number;
  /** Without quotes. */
  etag: string;
  modifiedMs: number;
  headers: KeptHeaders;
  checksum: Checksum;
  /** In order; one for each part, none for an empty body. */
  segments: readonly Segment[];
  /** Of the upload that made it, so that its completion can be asked for once more. */
  uploadId?: string;
}

export interface UploadRecord {
  key: string;
  uploadId: string;
  initiatedMs: number;
  headers: KeptHeaders;
  /** `chosen` by its creator, so that every part must have it. */
  checksum: { algorithm: ChecksumAlgorithm; type: ChecksumType; chosen: boolean };
}

export interface PartRecord {
  number: number;
  bytes: number;
  etag: string;
  modifiedMs: number;
  /** Base64, by the algorithm of the upload. */
  checksum: string;
  /** One, or none when it is empty. */
  segments: readonly Segment[];
}
