import type { Clock } from '#wire/clock.js';
import type { BodyStore } from './body-store.js';
import type { Catalog } from './catalog.js';
import type { IncomingBody } from './incoming-body.js';
import type { S3Limits } from './limits.js';
import type { S3Request } from './request.js';

/** What every operation works on. */
export interface S3Context {
  catalog: Catalog;
  bodies: BodyStore;
  limits: S3Limits;
  raceClock: Clock;
  region: string;
  accountId: string;
}

/** One request, authenticated. Bucket and key are there where the operation has them. */
export interface Call {
  request: S3Request;
  bucket: string;
  key: string;
  body: IncomingBody;
}

export interface Answer {
  /** Default 200. */
  status?: number;
  headers?: Readonly<Record<string, string>>;
  /** A document, as text. */
  document?: string;
  stream?: OutgoingBody;
}

/** Bytes of an object on their way out. Whoever has one calls `close`, also when nothing was read. */
export interface OutgoingBody {
  bytes: number;
  chunks: AsyncIterable<Buffer>;
  close(): void;
}

/** Refuses by throwing an `AwsError`. */
export type S3Operation = (call: Call) => Promise<Answer> | Answer;

/** Larger than any document of S3's: 10,000 parts with a checksum each. */
export const DOCUMENT_BYTES_MAX = 8 * 1024 * 1024;

export const isoTime = (epochMs: number): string => new Date(epochMs).toISOString();
export const httpTime = (epochMs: number): string => new Date(epochMs).toUTCString();

/** Shown as owner of everything. */
export const ownerOf = ({ accountId }: S3Context) => ({ ID: accountId.padStart(64, '0') });
