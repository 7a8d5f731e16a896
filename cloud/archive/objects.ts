import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { sha256 } from '#cloud/sha256.js';
import { errorCode, PitwallError } from '#wire/errors.js';

/** The bucket, as far as readers of the archive need it. */
export interface ArchiveObjects {
  /** Undefined when there is no such object. */
  get(key: string): Promise<Buffer | undefined>;
  list(prefix: string): AsyncIterable<{ key: string; bytes: number }>;
}

/** And as far as the archiver does. */
export interface ArchiveStore extends ArchiveObjects {
  /** Objects that never change. The same bytes again are no harm; others raise PW-ARCHIVE-CONFLICT. */
  create(key: string, bytes: Uint8Array): Promise<void>;
  /** An object that is written again and again: what is there and its ETag, which the next writer has to name. */
  find(key: string): Promise<{ bytes: Buffer; etag: string } | undefined>;
  /**
   * Writes it in the place of the one with that ETag, undefined = of none, and returns the new one's. Raises
   * PW-ARCHIVE-CONFLICT when another was there.
   */
  replace(key: string, bytes: Uint8Array, etag: string | undefined): Promise<string>;
}

/** A bucket of S3; every body goes with its SHA-256, which the service checks and keeps. */
export function s3Store(s3: S3Client, bucket: string): ArchiveStore {
  return new S3Store(s3, bucket);
}

class S3Store implements ArchiveStore {
  readonly #s3: S3Client;
  readonly #bucket: string;

  constructor(s3: S3Client, bucket: string) {
    this.#s3 = s3;
    this.#bucket = bucket;
  }

  async get(key: string): Promise<Buffer | undefined> {
    return (await this.find(key))?.bytes;
  }

  async find(key: string): Promise<{ bytes: Buffer; etag: string } | undefined> {
    try {
      const { Body, ETag = '' } = await this.#s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      return Body && { bytes: Buffer.from(await Body.transformToByteArray()), etag: ETag };
    } catch (error) {
      if (errorCode(error) === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  async create(key: string, bytes: Uint8Array): Promise<void> {
    const ChecksumSHA256 = checksum(bytes);
    try {
      await this.#s3.send(
        new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body: bytes, ChecksumSHA256, IfNoneMatch: '*' }),
      );
    } catch (error) {
      // An earlier try of the same put may have arrived, and its answer not.
      if (errorCode(error) !== 'PreconditionFailed') throw error;
      const head = new HeadObjectCommand({ Bucket: this.#bucket, Key: key, ChecksumMode: 'ENABLED' });
      const there = await this.#s3.send(head);
      if (there.ChecksumSHA256 === ChecksumSHA256) return;
      throw new PitwallError('PW-ARCHIVE-CONFLICT', {
        what: `${key} is there already, with other bytes.`,
        cause: error,
      });
    }
  }

  async replace(key: string, bytes: Uint8Array, etag: string | undefined): Promise<string> {
    const condition = etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag };
    const input = { Bucket: this.#bucket, Key: key, Body: bytes, ChecksumSHA256: checksum(bytes), ...condition };
    try {
      return (await this.#s3.send(new PutObjectCommand(input))).ETag ?? '';
    } catch (error) {
      if (errorCode(error) !== 'PreconditionFailed' && errorCode(error) !== 'NoSuchKey') throw error;
      throw new PitwallError('PW-ARCHIVE-CONFLICT', { what: `${key} was written by another meanwhile.`, cause: error });
    }
  }

  async *list(prefix: string): AsyncIterable<{ key: string; bytes: number }> {
    let from: string | undefined;
    do {
      const answer = await this.#s3.send(
        new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ContinuationToken: from }),
      );
      for (const { Key, Size = 0 } of answer.Contents ?? []) if (Key !== undefined) yield { key: Key, bytes: Size };
      from = answer.NextContinuationToken;
    } while (from);
  }
}

function checksum(bytes: Uint8Array): string {
  return Buffer.from(sha256(bytes), 'hex').toString('base64');
}
