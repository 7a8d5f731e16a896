/**
 * Keys of the store, 17 bytes each:
 *
 *     0 | zeros                                              the counter that numbers streams
 *     1 | stream id u32 | zeros                              a stream and its shards, JSON
 *     2 | stream id u32 | shard index u32 | number u64       a batch, by the number of its first record
 */
const LENGTH = 17;

const KIND = { counter: 0, stream: 1, batch: 2 } as const;

function key(kind: number, streamId: number, shardIndex: number, number: number): Buffer {
  const bytes = Buffer.alloc(LENGTH);
  bytes[0] = kind;
  bytes.writeUInt32BE(streamId, 1);
  bytes.writeUInt32BE(shardIndex, 5);
  bytes.writeBigUInt64BE(BigInt(number), 9);
  return bytes;
}

export const COUNTER_KEY = key(KIND.counter, 0, 0, 0);
export const STREAMS_FROM = key(KIND.stream, 0, 0, 0);
export const STREAMS_TO = key(KIND.batch, 0, 0, 0);

export const streamKey = (streamId: number): Buffer => key(KIND.stream, streamId, 0, 0);

export const batchKey = (streamId: number, shardIndex: number, firstNumber: number): Buffer =>
  key(KIND.batch, streamId, shardIndex, firstNumber);

/** Bound below which all batches of earlier streams lie. */
export const batchesOfStream = (streamId: number): Buffer => key(KIND.batch, streamId, 0, 0);

/** Number of the first record of a batch. */
export function firstNumberOf(bytes: Buffer): number {
  return Number(bytes.readBigUInt64BE(9));
}
