/** A record as it arrived. */
export interface Incoming {
  data: Uint8Array;
  /** Race-clock epoch ms. */
  arrivalMs: number;
  /** Set when a stream is the source. */
  kinesis?: KinesisMetadata;
  /** Set when it is to end under the error prefix as it is. */
  failure?: Failure;
}

export interface KinesisMetadata {
  sequenceNumber: string;
  subsequenceNumber: number;
  partitionKey: string;
  shardId: string;
}

type Stored = Omit<Incoming, 'data'> & { data: string };

/** Records on their way to a function: JSON, as the event will be. */
export function encodeRecords(records: readonly Incoming[]): Buffer {
  const stored: Stored[] = records.map(({ data, ...rest }) => ({ ...rest, data: base64Of(data) }));
  return Buffer.from(JSON.stringify(stored));
}

export function decodeRecords(payload: Buffer): Incoming[] {
  return (JSON.parse(payload.toString('utf8')) as Stored[]).map(({ data, ...rest }) => ({
    ...rest,
    data: Buffer.from(data, 'base64'),
  }));
}

export function base64Of(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.length).toString('base64');
}

/** Why a record ends under the error prefix. */
export interface Failure {
  /** Part of the prefix: `processing-failed`, … */
  outputType: string;
  attemptsMade: number;
  errorCode: string;
  errorMessage: string;
  lambdaArn?: string;
}

/** One line of an error object (developer guide, "Handle failure in data transformation"). */
export function failureLine({ data, arrivalMs }: Incoming, failure: Failure, nowMs: number): string {
  const { attemptsMade, errorCode, errorMessage, lambdaArn } = failure;
  const document = {
    attemptsMade,
    arrivalTimestamp: Math.floor(arrivalMs),
    errorCode,
    errorMessage,
    attemptEndingTimestamp: Math.floor(nowMs),
    rawData: base64Of(data),
    lambdaArn,
  };
  return `${JSON.stringify(document)}\n`;
}

/** Which buffer: of an error's output, of a partition, or the one for all. */
export interface BufferName {
  errorOutputType?: string;
  keys?: Record<string, string>;
}

export const bufferKey = ({ errorOutputType, keys }: BufferName): string =>
  JSON.stringify([errorOutputType ?? null, keys === undefined ? null : Object.entries(keys).sort()]);

export function bufferName(key: string): BufferName {
  const [errorOutputType, keys] = JSON.parse(key) as [string | null, [string, string][] | null];
  return { errorOutputType: errorOutputType ?? undefined, keys: keys === null ? undefined : Object.fromEntries(keys) };
}
