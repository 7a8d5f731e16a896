import { AwsError } from '../aws-error.js';
import type { JsonObject } from '../json-service.js';
import type { Store, StoreOperation } from '../kinesis/store.js';
import { compileDestination, type Destination } from './destination.js';
import { ENTRY } from './journal.js';
import type { Positions } from './kinesis-source.js';

/** A delivery stream as it is stored. */
export interface StreamRecord {
  id: number;
  name: string;
  createdAtMs: number;
  updatedAtMs: number;
  /** Counts changes of the destination; part of object names. */
  version: number;
  /** With a default for each member that has one. */
  destination: JsonObject;
  /** Whether it was given as ExtendedS3DestinationConfiguration. */
  extended: boolean;
  source?: { streamArn: string; roleArn: string };
  /** Delivers what it has and goes. */
  deleting: boolean;
}

/** Keys: 01 | stream u32, and 03 | stream u32 | shard id; the journal's are between them. */
const STREAM = 0x01;
const POSITION = 0x03;

/** Delivery streams and their sources' positions, on disk. */
export class Catalog {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  *records(): Generator<StreamRecord> {
    for (const { value } of this.#store.range(streamKey(STREAM, 0), streamKey(STREAM + 1, 0))) {
      yield JSON.parse(value.toString('utf8')) as StreamRecord;
    }
  }

  save(record: StreamRecord): Promise<void> {
    return this.#store.write([{ key: streamKey(STREAM, record.id), put: Buffer.from(JSON.stringify(record)) }]);
  }

  /** With all that belongs to it. */
  async remove({ id }: StreamRecord): Promise<void> {
    const operations: StoreOperation[] = [{ key: streamKey(STREAM, id), remove: true }];
    for (const kind of [POSITION, ENTRY]) {
      for (const { key } of this.#store.range(streamKey(kind, id), streamKey(kind, id + 1))) {
        operations.push({ key, remove: true });
      }
    }
    await this.#store.write(operations);
  }

  positions({ id }: StreamRecord): Positions {
    const positions: Positions = {};
    for (const { key, value } of this.#store.range(streamKey(POSITION, id), streamKey(POSITION, id + 1))) {
      positions[key.toString('utf8', 5)] = value.toString('utf8');
    }
    return positions;
  }
}

export function putPosition({ id }: StreamRecord, shardId: string, position: string): StoreOperation {
  return { key: Buffer.concat([streamKey(POSITION, id), Buffer.from(shardId)]), put: Buffer.from(position) };
}

function streamKey(kind: number, id: number): Buffer {
  const key = Buffer.alloc(5);
  key[0] = kind;
  key.writeUInt32BE(id, 1);
  return key;
}

/** What was stored compiled once; a release that serves less than the one before says so at its start. */
export function destinationOf(record: StreamRecord): Destination {
  try {
    return compileDestination(record.destination);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new AwsError(error.code, `Firehose ${record.name}: ${error.message}`);
  }
}
