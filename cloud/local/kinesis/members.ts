/** Bounds of members that several operations take (API reference; messages show the patterns as AWS writes them). */
export const STREAM_NAME = { max: 128, pattern: /^[a-zA-Z0-9_.-]+$/ };
export const STREAM_ARN = { max: 2048, pattern: /^arn:aws[^:]*:kinesis:[^:]+:\d{12}:stream\/(\S+)$/ };
export const SHARD_ID = { max: 128, pattern: /^[a-zA-Z0-9_.-]+$/ };
export const PARTITION_KEY = { max: 256 };
const { POSITIVE_INFINITY: AS_ITS_PATTERN } = Number;
export const HASH_KEY = { max: AS_ITS_PATTERN, pattern: /^(?:0|([1-9]\d{0,38}))$/ };
export const SEQUENCE_NUMBER = { max: AS_ITS_PATTERN, pattern: /^(?:0|([1-9]\d{0,128}))$/ };
