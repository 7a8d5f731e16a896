/** How records are cut into batches, and what happens when a function fails; AWS's parameters, in our units. */
export interface BatchSettings {
  /** Records an invocation. 1…10,000. */
  batchSize: number;
  /** Longest wait for a full batch, race ms. 0…300,000; 0 = none. */
  batchWindowMs: number;
  /** Lanes a shard: invocations of one shard at a time. 1…10. */
  parallelizationFactor: number;
  bisectOnError: boolean;
  /** Repeats after the first failure; −1 = without end. −1…10,000. */
  retryAttemptsMax: number;
  /** Age at which a record is given up, race ms; −1 = never, else 60,000…604,800,000. */
  recordAgeMaxMs: number;
  /** Race ms; 0 = no windows. 0…900,000. */
  tumblingWindowMs: number;
  /** FunctionResponseTypes: ReportBatchItemFailures. */
  reportsItemFailures: boolean;
}

/** As AWS has them for Kinesis and DynamoDB. */
export const DEFAULT_SETTINGS: BatchSettings = {
  batchSize: 100,
  batchWindowMs: 0,
  parallelizationFactor: 1,
  bisectOnError: false,
  retryAttemptsMax: -1,
  recordAgeMaxMs: -1,
  tumblingWindowMs: 0,
  reportsItemFailures: false,
};

/** A tumbling window without new records is over two minutes after its end (AWS: "waits for up to 2 minutes"). */
export const WINDOW_IDLE_MS = 120_000;
/** A window whose state is larger is ended early. */
export const STATE_BYTES_MAX = 1024 * 1024;
