import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { sha256 } from '#cloud/sha256.js';
import { PitwallError } from '#wire/errors.js';
import { type Item, isConditionFailed, numberOf, toItem } from './item.js';

/**
 * State, positions and duplicate ranges as one commit (decision 8): gzipped JSON in one item, or in chunks with the
 * pointer item written last, so that a reader sees the old snapshot or the new one and nothing between.
 *
 *     pk <key>  sk snapshot                      fence, generation, bytes, sha256, chunks, chunkPrefix, data (when chunks = 0)
 *     pk <key>  sk chunk#<fence>#<generation>#<n>  data
 *
 * Every write carries the fence under which the state was claimed; once another has claimed it, writes of the earlier
 * owner are refused (PW-STATE-FENCED). A chunk's key holds the fence too: a late writer cannot touch a living snapshot.
 */
export interface SnapshotStore {
  /**
   * Takes the state over: under the given fence (that of a lease), else under one more than the last. Returns the newest
   * snapshot's JSON. Raises PW-STATE-FENCED when somebody has claimed it under a greater fence.
   */
  claim(fence?: number): Promise<{ fence: number; json: string | undefined }>;
  /** The newest snapshot's JSON without taking anything over. */
  read(): Promise<string | undefined>;
  /** Replaces the snapshot. Raises PW-STATE-FENCED. Returns the stored size in bytes. */
  save(json: string): Promise<number>;
}

export interface SnapshotStoreOptions {
  dynamodb: DynamoDBClient;
  tableName: string;
  /** Partition key, e.g. `race#2026-11-21-1`. */
  key: string;
}

/** An item holds 400 KB with its keys and names; we stay below 300. */
export const MAX_CHUNK_BYTES = 300_000;
/** BatchWriteItem takes 25 requests. */
const MAX_BATCH = 25;
/** A reader beside the owner may find that the chunks it was going for have just been replaced. */
const MAX_READ_TRIES = 3;
const SNAPSHOT = 'snapshot';

const gzipBytes = promisify<Uint8Array, Buffer>(gzip);
const gunzipBytes = promisify<Uint8Array, Buffer>(gunzip);

export function createSnapshotStore(options: SnapshotStoreOptions): SnapshotStore {
  return new TableSnapshotStore(options);
}

class TableSnapshotStore implements SnapshotStore {
  readonly #options: SnapshotStoreOptions;
  #fence = 0;
  #generation = 0;
  #swept = false;
  #chunkKeys: string[] = [];

  constructor(options: SnapshotStoreOptions) {
    this.#options = options;
  }

  async claim(fence?: number): Promise<{ fence: number; json: string | undefined }> {
    const { dynamodb, tableName, key } = this.#options;
    try {
      const answer = await dynamodb.send(
        new UpdateItemCommand({
          TableName: tableName,
          Key: toItem({ pk: key, sk: SNAPSHOT }),
          ...(fence === undefined
            ? { UpdateExpression: 'ADD fence :fence', ExpressionAttributeValues: toItem({ ':fence': 1 }) }
            : {
                UpdateExpression: 'SET fence = :fence',
                ConditionExpression: 'attribute_not_exists(fence) OR fence <= :fence',
                ExpressionAttributeValues: toItem({ ':fence': fence }),
              }),
          ReturnValues: 'ALL_NEW',
        }),
      );
      this.#fence = numberOf(answer.Attributes, 'fence');
      this.#generation = numberOf(answer.Attributes, 'generation');
      return { fence: this.#fence, json: await this.#decode(answer.Attributes) };
    } catch (error) {
      throw this.#fenced(error);
    }
  }

  async read(): Promise<string | undefined> {
    for (let tries = 1; ; tries++) {
      const pointer = await this.#get(SNAPSHOT);
      try {
        return await this.#decode(pointer);
      } catch (error) {
        if (tries === MAX_READ_TRIES) throw error;
      }
    }
  }

  async save(json: string): Promise<number> {
    const { dynamodb, tableName, key } = this.#options;
    const bytes = await gzipBytes(Buffer.from(json));
    const generation = this.#generation + 1;
    const chunkPrefix = `chunk#${this.#fence}#${generation}#`;
    const chunkKeys = bytes.length <= MAX_CHUNK_BYTES ? [] : await this.#putChunks(bytes, chunkPrefix);
    const pointer: Item = {
      pk: key,
      sk: SNAPSHOT,
      fence: this.#fence,
      generation,
      bytes: bytes.length,
      sha256: sha256(bytes),
      chunks: chunkKeys.length,
      chunkPrefix,
      data: chunkKeys.length === 0 ? bytes : undefined,
    };
    try {
      await dynamodb.send(
        new PutItemCommand({
          TableName: tableName,
          Item: toItem(pointer),
          ConditionExpression: 'fence = :fence',
          ExpressionAttributeValues: toItem({ ':fence': this.#fence }),
        }),
      );
    } catch (error) {
      throw this.#fenced(error);
    }
    this.#generation = generation;
    const stale = this.#swept
      ? this.#chunkKeys
      : (await this.#allChunks()).filter((sk) => this.#isStale(sk, chunkPrefix));
    await this.#deleteChunks(stale);
    this.#chunkKeys = chunkKeys;
    this.#swept = true;
    return bytes.length;
  }

  async #decode(pointer: Record<string, AttributeValue> | undefined): Promise<string | undefined> {
    if (!pointer?.sha256) return undefined;
    const count = numberOf(pointer, 'chunks');
    const prefix = pointer.chunkPrefix?.S ?? '';
    let bytes: Uint8Array | undefined = pointer.data?.B;
    if (count > 0) {
      const items = await Promise.all(Array.from({ length: count }, (_, n) => this.#get(prefix + n)));
      bytes = Buffer.concat(items.map((item) => item?.data?.B ?? new Uint8Array(0)));
    }
    if (!bytes || sha256(bytes) !== pointer.sha256.S) {
      throw new PitwallError('PW-STATE-DAMAGED', {
        what: `The snapshot ${this.#options.key} of generation ${numberOf(pointer, 'generation')} does not match its checksum.`,
      });
    }
    return (await gunzipBytes(bytes)).toString('utf8');
  }

  async #get(sk: string): Promise<Record<string, AttributeValue> | undefined> {
    const { dynamodb, tableName, key } = this.#options;
    const input = { TableName: tableName, Key: toItem({ pk: key, sk }), ConsistentRead: true };
    return (await dynamodb.send(new GetItemCommand(input))).Item;
  }

  async #putChunks(bytes: Buffer, prefix: string): Promise<string[]> {
    const { dynamodb, tableName, key } = this.#options;
    const keys: string[] = [];
    for (let from = 0; from < bytes.length; from += MAX_CHUNK_BYTES) {
      const sk = prefix + keys.length;
      const item = toItem({ pk: key, sk, data: bytes.subarray(from, from + MAX_CHUNK_BYTES) });
      await dynamodb.send(new PutItemCommand({ TableName: tableName, Item: item }));
      keys.push(sk);
    }
    return keys;
  }

  /** Chunks that a crash between chunk and pointer left behind are found once, at the owner's first save. */
  async #allChunks(): Promise<string[]> {
    const { dynamodb, tableName, key } = this.#options;
    const keys: string[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const answer = await dynamodb.send(
        new QueryCommand({
          TableName: tableName,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :chunk)',
          ExpressionAttributeValues: toItem({ ':pk': key, ':chunk': 'chunk#' }),
          ProjectionExpression: 'sk',
          ExclusiveStartKey: from,
        }),
      );
      for (const item of answer.Items ?? []) if (item.sk?.S) keys.push(item.sk.S);
      from = answer.LastEvaluatedKey;
    } while (from);
    return keys;
  }

  /** A greater fence's chunks belong to whoever has just taken over. */
  #isStale(sk: string, chunkPrefix: string): boolean {
    return !sk.startsWith(chunkPrefix) && Number(sk.split('#')[1]) <= this.#fence;
  }

  async #deleteChunks(keys: readonly string[]): Promise<void> {
    const { dynamodb, tableName, key } = this.#options;
    for (let from = 0; from < keys.length; from += MAX_BATCH) {
      const requests = keys
        .slice(from, from + MAX_BATCH)
        .map((sk) => ({ DeleteRequest: { Key: toItem({ pk: key, sk }) } }));
      // What is left unprocessed is swept by the next owner: it costs storage, nothing else.
      await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }));
    }
  }

  #fenced(error: unknown): unknown {
    if (!isConditionFailed(error)) return error;
    return new PitwallError('PW-STATE-FENCED', {
      what: `The state ${this.#options.key} was taken over by another owner (ours was fence ${this.#fence}).`,
      cause: error,
    });
  }
}
