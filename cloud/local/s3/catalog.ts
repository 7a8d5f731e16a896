import type { Store, StoreEntry, StoreOperation } from '../kinesis/store.js';
import type { BodyStore } from './body-store.js';
import { conditionalConflict, noSuchBucket, noSuchUpload, operationAborted } from './errors.js';
import { KeyQueue } from './key-queue.js';
import {
  BUCKETS,
  type BucketRecord,
  bucketKey,
  bucketName,
  type ObjectRecord,
  objectKey,
  objectsOf,
  type PartRecord,
  partKey,
  partsOf,
  type Segment,
  successor,
  type UploadRecord,
  uploadKey,
  uploadsOf,
} from './keys.js';

interface Bucket {
  createdMs: number;
  /** Writes to its objects and uploads that are under way. */
  writes: number;
}

/** A change of an object, decided once nobody else can change it: `put` none = removed. Undefined = left as it is. */
export type Change = { put?: ObjectRecord; also?: StoreOperation[]; frees?: readonly Segment[] } | undefined;

/**
 * Buckets, objects, uploads and parts: the index. Whoever changes an object does so alone and sees what the one before
 * committed; readers never wait.
 */
export class Catalog {
  readonly #store: Store;
  readonly #bodies: BodyStore;
  readonly #buckets = new Map<string, Bucket>();
  readonly #queue = new KeyQueue();
  /** Conditional puts under way, by object: one that sees its object deleted meanwhile is in conflict. */
  readonly #conditional = new Map<string, Set<ConditionalWrite>>();

  constructor(store: Store, bodies: BodyStore) {
    this.#store = store;
    this.#bodies = bodies;
    for (const { key, value } of store.range(BUCKETS.from, BUCKETS.to)) {
      const { createdMs } = decode<BucketRecord>(value);
      this.#buckets.set(bucketName(key), { createdMs, writes: 0 });
    }
  }

  get bucketCount(): number {
    return this.#buckets.size;
  }

  /** By name, in order. */
  buckets(): { name: string; createdMs: number }[] {
    const all = [...this.#buckets].map(([name, { createdMs }]) => ({ name, createdMs }));
    return all.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  hasBucket(name: string): boolean {
    return this.#buckets.has(name);
  }

  /** Throws NoSuchBucket. */
  requireBucket(name: string): void {
    this.#bucket(name);
  }

  async createBucket(name: string, createdMs: number): Promise<void> {
    await this.#store.write([{ key: bucketKey(name), put: encode({ createdMs } satisfies BucketRecord) }]);
    this.#buckets.set(name, { createdMs, writes: 0 });
  }

  /** Whether it was empty and is gone, its unfinished uploads with it. Throws NoSuchBucket, OperationAborted. */
  async deleteBucket(name: string): Promise<boolean> {
    const bucket = this.#bucket(name);
    if (bucket.writes > 0) throw operationAborted();
    for (const _ of this.objects(name, Buffer.alloc(0))) return false;
    // From here on nobody finds it.
    this.#buckets.delete(name);
    const freed: Segment[] = [];
    const operations: StoreOperation[] = [{ key: bucketKey(name), remove: true }];
    for (const { value } of this.uploads(name, Buffer.alloc(0))) {
      const { key, uploadId } = decode<UploadRecord>(value);
      const parts = this.parts(uploadId);
      operations.push(...this.#removal(name, key, uploadId, parts));
      freed.push(...parts.flatMap(({ segments }) => segments));
    }
    await this.#store.write([...operations, ...this.#bodies.loosen(freed)]);
    this.#bodies.drop(freed);
    return true;
  }

  object(bucket: string, key: string): ObjectRecord | undefined {
    const value = this.#store.get(objectKey(bucket, key));
    return value && decode<ObjectRecord>(value);
  }

  /** From a key on, as bytes; the entries' keys are those of the index. */
  objects(bucket: string, from: Buffer): Iterable<StoreEntry> {
    const prefix = objectsOf(bucket);
    return this.#store.range(Buffer.concat([prefix, from]), successor(prefix));
  }

  uploads(bucket: string, from: Buffer): Iterable<StoreEntry> {
    const prefix = uploadsOf(bucket);
    return this.#store.range(Buffer.concat([prefix, from]), successor(prefix));
  }

  /**
   * Puts or removes an object. `decide` gets what is there and throws to refuse; the record's segments, and others that the
   * change frees, are accounted for in the same transaction. Throws NoSuchBucket.
   */
  changeObject(
    bucket: string,
    key: string,
    decide: (current: ObjectRecord | undefined) => Change,
    conditional?: ConditionalWrite,
  ): Promise<void> {
    const name = objectName(bucket, key);
    return this.#queue.run(name, () =>
      this.#writeIn(bucket, async () => {
        if (conditional?.isOvertaken) throw conditionalConflict(key);
        const current = this.object(bucket, key);
        const change = decide(current);
        if (change === undefined) return;
        const { put, also = [], frees = [] } = change;
        const freed = [...(current?.segments ?? []), ...frees];
        const at = objectKey(bucket, key);
        await this.#store.write([
          ...this.#bodies.keep(put?.segments ?? []),
          ...this.#bodies.loosen(freed),
          ...also,
          put === undefined ? { key: at, remove: true } : { key: at, put: encode(put) },
        ]);
        this.#bodies.drop(freed);
        if (put === undefined) for (const write of this.#conditional.get(name) ?? []) write.isOvertaken = true;
      }),
    );
  }

  /** From the first look at an object until `end`, for a put whose condition must still hold when it commits. */
  beginConditional(bucket: string, key: string): ConditionalWrite {
    const name = objectName(bucket, key);
    const writes = this.#conditional.get(name) ?? new Set();
    this.#conditional.set(name, writes);
    const write: ConditionalWrite = {
      isOvertaken: false,
      end: () => {
        writes.delete(write);
        if (writes.size === 0 && this.#conditional.get(name) === writes) this.#conditional.delete(name);
      },
    };
    writes.add(write);
    return write;
  }

  /** Throws NoSuchUpload. */
  upload(bucket: string, key: string, uploadId: string): UploadRecord {
    const value = this.#store.get(uploadKey(bucket, key, uploadId));
    if (value === undefined) throw noSuchUpload(uploadId);
    return decode<UploadRecord>(value);
  }

  createUpload(bucket: string, upload: UploadRecord): Promise<void> {
    const at = uploadKey(bucket, upload.key, upload.uploadId);
    return this.#writeIn(bucket, () => this.#store.write([{ key: at, put: encode(upload) }]));
  }

  parts(uploadId: string): PartRecord[] {
    const { from, to } = partsOf(uploadId);
    return [...this.#store.range(from, to)].map(({ value }) => decode<PartRecord>(value));
  }

  /** Takes the place of a part with the same number. Throws NoSuchUpload when the upload has ended meanwhile. */
  putPart(bucket: string, key: string, uploadId: string, part: PartRecord): Promise<void> {
    return this.#alone(bucket, key, uploadId, async () => {
      const at = partKey(uploadId, part.number);
      const current = this.#store.get(at);
      const freed = current === undefined ? [] : decode<PartRecord>(current).segments;
      await this.#store.write([
        ...this.#bodies.keep(part.segments),
        ...this.#bodies.loosen(freed),
        { key: at, put: encode(part) },
      ]);
      this.#bodies.drop(freed);
    });
  }

  /** Throws NoSuchUpload. */
  abortUpload(bucket: string, key: string, uploadId: string): Promise<void> {
    return this.#alone(bucket, key, uploadId, async () => {
      const parts = this.parts(uploadId);
      const freed = parts.flatMap(({ segments }) => segments);
      await this.#store.write([...this.#removal(bucket, key, uploadId, parts), ...this.#bodies.loosen(freed)]);
      this.#bodies.drop(freed);
    });
  }

  /**
   * Makes the upload an object: `compose` gets its parts and says which object they become. Parts that are not in it go.
   * Throws NoSuchUpload.
   */
  completeUpload(
    bucket: string,
    key: string,
    uploadId: string,
    compose: (parts: readonly PartRecord[], current: ObjectRecord | undefined) => ObjectRecord,
    conditional?: ConditionalWrite,
  ): Promise<void> {
    return this.#alone(bucket, key, uploadId, () =>
      this.changeObject(
        bucket,
        key,
        (current) => {
          const parts = this.parts(uploadId);
          const put = compose(parts, current);
          const used = new Set(put.segments.map(({ id }) => id));
          const frees = parts.flatMap(({ segments }) => segments).filter(({ id }) => !used.has(id));
          return { put, also: this.#removal(bucket, key, uploadId, parts), frees };
        },
        conditional,
      ),
    );
  }

  #alone(bucket: string, key: string, uploadId: string, critical: () => Promise<void>): Promise<void> {
    return this.#queue.run(uploadId, () =>
      this.#writeIn(bucket, async () => {
        this.upload(bucket, key, uploadId);
        await critical();
      }),
    );
  }

  /** A bucket into which something is being written is not deleted. */
  async #writeIn<Result>(name: string, write: () => Promise<Result>): Promise<Result> {
    const bucket = this.#bucket(name);
    bucket.writes++;
    try {
      return await write();
    } finally {
      bucket.writes--;
    }
  }

  #removal(bucket: string, key: string, uploadId: string, parts: readonly PartRecord[]): StoreOperation[] {
    return [
      { key: uploadKey(bucket, key, uploadId), remove: true },
      ...parts.map(({ number }) => ({ key: partKey(uploadId, number), remove: true as const })),
    ];
  }

  #bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw noSuchBucket(name);
    return bucket;
  }
}

export interface ConditionalWrite {
  /** Somebody has deleted the object since. */
  isOvertaken: boolean;
  end(): void;
}

const objectName = (bucket: string, key: string): string => `${bucket}/${key}`;

function encode(record: object): Buffer {
  return Buffer.from(JSON.stringify(record));
}

export function decode<Kind>(value: Buffer): Kind {
  return JSON.parse(value.toString('utf8')) as Kind;
}
