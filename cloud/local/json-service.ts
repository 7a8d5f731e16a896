import type { Writable } from 'node:stream';
import type { BodyFormat } from './body-format.js';
import type { CborMembers } from './cbor.js';

/** What the front needs to know of a service that speaks AWS's JSON protocols (1.0 and 1.1, told apart by content type). */
export interface JsonService {
  /** Name in the credential scope, and in the statistics. */
  signingName: string;
  /** First half of `x-amz-target`, e.g. `Kinesis_20131202`. */
  targetPrefix: string;
  contentType: 'application/x-amz-json-1.0' | 'application/x-amz-json-1.1';
  /** Set when the service speaks CBOR too. */
  cbor?: CborMembers;
  /** Put before the error's name in `__type`. */
  errorNamespace: string;
  /** HTTP status of a refused signature: DynamoDB answers 400 where the others answer 403. */
  authFailureStatus: 400 | 403;
  /** Whether responses carry `x-amz-crc32`, which some DynamoDB clients check. */
  crc32: boolean;
  /** Name of the error by which an operation says "slow down". Default ThrottlingException. */
  throttleCode?(operation: string): string;
  operations: Readonly<Record<string, Operation>>;
  close(): Promise<void>;
}

export type JsonObject = Record<string, unknown>;

/** One API operation: the parsed request in, the result out; refuses by throwing an `AwsError`. */
export type Operation = (input: JsonObject) => Promise<Reply> | Reply;

/** `undefined` = an empty body, as AWS answers operations without a result. */
export type Reply = object | EncodedJson | EventStream | undefined;

/** JSON that is bytes already: what was stored in wire form goes out without being parsed or copied more than once. */
export class EncodedJson {
  readonly chunks: readonly Uint8Array[];

  constructor(chunks: readonly Uint8Array[]) {
    this.chunks = chunks;
  }
}

/** Whoever writes minds `drain` and `close`, and writes its documents in the client's format. */
export type StartStream = (out: Writable, format: BodyFormat) => void;

/** An answer that goes on: messages of `event-stream.ts`, until the service ends it or the client leaves. */
export class EventStream {
  /** Called once, when the head of the answer is out. */
  readonly start: StartStream;

  constructor(start: StartStream) {
    this.start = start;
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
