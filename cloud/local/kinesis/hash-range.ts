/** What a shard owns is said once, for readers and stand-in alike. */
export * from '#cloud/streams/hash-range.js';
