/**
 * The Kinesis Producer Library's aggregate: many user records in one Kinesis record.
 *
 *     F3 89 9A C2 | message | MD5(message), 16 bytes
 *
 *     message AggregatedRecord {
 *       repeated string partition_key_table     = 1;   // 0A len bytes
 *       repeated string explicit_hash_key_table = 2;   // 12 len bytes
 *       repeated Record records                 = 3;   // 1A len Record
 *     }
 *     message Record {
 *       required uint64 partition_key_index     = 1;   // 08 varint
 *       optional uint64 explicit_hash_key_index = 2;   // 10 varint
 *       required bytes  data                    = 3;   // 1A len bytes
 *       repeated Tag    tags                    = 4;   // 22 len Tag
 *     }
 *     message Tag { required string key = 1; optional string value = 2; }
 *
 * proto2: fields may come in any order, unknown ones are skipped, the last of a repeated scalar holds. Tables are in order
 * of first appearance, one entry a key.
 */

/** What a producer puts and a consumer gets back. */
export interface UserRecord {
  /** 1 to 256 characters. */
  partitionKey: string;
  /** Decimal number below 2¹²⁸ that routes instead of the partition key's MD5. */
  explicitHashKey?: string;
  data: Uint8Array;
}

/** What goes into PutRecords. */
export interface KinesisRecord {
  partitionKey: string;
  explicitHashKey?: string;
  data: Uint8Array;
}

export const MAGIC = 0xf3899ac2;
export const MAGIC_BYTES = 4;
export const DIGEST_BYTES = 16;

/** Field number and wire type of what an encoder writes. */
export const TAG = {
  partitionKey: 0x0a,
  explicitHashKey: 0x12,
  record: 0x1a,
  partitionKeyIndex: 0x08,
  explicitHashKeyIndex: 0x10,
  data: 0x1a,
  tags: 0x22,
  tagKey: 0x0a,
  tagValue: 0x12,
} as const;
