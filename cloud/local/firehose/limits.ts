/**
 * What Firehose refuses (Amazon Data Firehose developer guide, "Quota"; API reference of each operation). All on by default;
 * rates count on the race clock, so that a race at 10 × speed meets the limits of 1 ×.
 */
export interface FirehoseLimits {
  /** Direct put, each delivery stream. */
  recordsPerSecond: number;
  requestsPerSecond: number;
  bytesPerSecond: number;
  /** Data of one record, before base64. */
  recordBytesMax: number;
  batchRecordsMax: number;
  batchBytesMax: number;
  /** Delivery streams of the account. */
  streamsMax: number;
  /** Partitions that hold data which is not delivered yet. */
  activePartitionsMax: number;
  /** What S3 did not take for so long is given up (race clock). */
  retentionMs: number;
  /** Accepted and not delivered, each delivery stream: ours, so that a missing bucket cannot fill the disk. */
  backlogBytesMax: number;
}

const KIB = 1_024;
const MIB = 1_048_576;
const HOUR_MS = 3_600_000;

/** Regions with the greater quota of direct puts. */
const LARGE_REGIONS: ReadonlySet<string> = new Set(['us-east-1', 'us-west-2', 'eu-west-1']);

export function firehoseLimits(region: string): FirehoseLimits {
  const rates = LARGE_REGIONS.has(region)
    ? { recordsPerSecond: 500_000, requestsPerSecond: 2_000, bytesPerSecond: 5 * MIB }
    : { recordsPerSecond: 100_000, requestsPerSecond: 1_000, bytesPerSecond: MIB };
  return {
    ...rates,
    recordBytesMax: 1_000 * KIB,
    batchRecordsMax: 500,
    batchBytesMax: 4 * MIB,
    streamsMax: 5_000,
    activePartitionsMax: 500,
    retentionMs: 24 * HOUR_MS,
    backlogBytesMax: 512 * MIB,
  };
}

/** Buffering hints of a destination, and what they are without any. */
export const BUFFER = { sizeMiBMin: 1, sizeMiBMax: 128, sizeMiB: 5, intervalSMax: 900, intervalS: 300 } as const;
/** With dynamic partitioning objects would get too small otherwise. */
export const PARTITIONED_SIZE_MIB_MIN = 64;
/** Buffering hints and tries of a function. */
export const TRANSFORM = {
  sizeMiB: 1,
  sizeMiBMin: 0.2,
  sizeMiBMax: 3,
  intervalS: 60,
  intervalSMax: 900,
  retries: 3,
  retriesMax: 300,
} as const;
