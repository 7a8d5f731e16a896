/**
 * What S3 refuses (S3 user guide, "Multipart upload limits", "Object key names", "Bucket quotas"; API reference of each
 * operation). All on by default.
 */
export interface S3Limits {
  /** Of one put; larger objects come in parts. */
  putBytesMax: number;
  /** Of every part but the last. */
  partBytesMin: number;
  partBytesMax: number;
  partsMax: number;
  /** UTF-8. */
  keyBytesMax: number;
  /** Names and values of an object's own metadata together. */
  metadataBytesMax: number;
  /** Entries of one page, and keys of one DeleteObjects. */
  pageMax: number;
  /** Below it, only the last chunk of an `aws-chunked` body may be. */
  chunkBytesMin: number;
  bucketsMax: number;
}

const MIB = 1_048_576;
const GIB = 1_024 * MIB;

export const S3_LIMITS: S3Limits = {
  putBytesMax: 5 * GIB,
  partBytesMin: 5 * MIB,
  partBytesMax: 5 * GIB,
  partsMax: 10_000,
  keyBytesMax: 1_024,
  metadataBytesMax: 2_048,
  pageMax: 1_000,
  chunkBytesMin: 8_192,
  bucketsMax: 10_000,
};
