import { hash } from 'node:crypto';
import type { AwsError } from '../aws-error.js';
import type { HttpRequest } from '../http-guard.js';
import { isPresigned, type Seed, type SigningKeys, verifySignature, verifySigV4Query } from '../sigv4.js';
import { accessDenied, invalidArgument, invalidRequest, notImplemented, signatureRefused } from './errors.js';
import { header } from './request.js';

/** How the body travels, and what its signature says of it. */
export type Payload =
  | { kind: 'plain'; sha256?: string }
  /** `aws-chunked`; the seed is there when chunks are signed. */
  | { kind: 'chunked'; seed?: Seed; trailer: boolean };

export interface Authority {
  credentials: SigningKeys;
  region: string;
  /** Wall time, epoch ms. */
  nowMs: number;
}

const CONTENT_SHA256 = 'x-amz-content-sha256';
const UNSIGNED = 'UNSIGNED-PAYLOAD';
const EMPTY = hash('sha256', '', 'hex');

const STREAMED: Readonly<Record<string, { signed: boolean; trailer: boolean }>> = {
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { signed: false, trailer: true },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { signed: true, trailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { signed: true, trailer: true },
};

/**
 * Verifies the signature in header or query. The body is not read: what is signed of it comes back and is checked while it
 * arrives. Throws AccessDenied, SignatureDoesNotMatch, RequestTimeTooSkewed and their like.
 */
export function authenticate(request: HttpRequest, authority: Authority): Payload {
  return isPresigned(request) ? presigned(request, authority) : signedHeaders(request, authority);
}

function signedHeaders(request: HttpRequest, { credentials, region, nowMs }: Authority): Payload {
  const claimed = header(request, CONTENT_SHA256);
  if (isVersion2(request)) throw onlyVersion4();
  const result = verifySignature(request, claimed ?? EMPTY, credentials, 's3', nowMs, region);
  if (!result.ok) throw signatureRefused(result, false);
  if (claimed === undefined) throw invalidRequest(`Missing required header for this request: ${CONTENT_SHA256}`);
  requireAllSigned(request, result.seed);
  const streamed = STREAMED[claimed];
  if (streamed !== undefined) {
    return { kind: 'chunked', trailer: streamed.trailer, ...(streamed.signed && { seed: result.seed }) };
  }
  if (claimed === UNSIGNED) return { kind: 'plain' };
  if (claimed.startsWith('STREAMING-')) throw notImplemented(`${CONTENT_SHA256}: ${claimed}`);
  if (!/^[0-9a-f]{64}$/.test(claimed)) {
    const message = `${CONTENT_SHA256} must be ${UNSIGNED}, STREAMING-* or a valid sha256 value.`;
    throw invalidArgument(CONTENT_SHA256, claimed, message);
  }
  return { kind: 'plain', sha256: claimed };
}

function presigned(request: HttpRequest, { credentials, region, nowMs }: Authority): Payload {
  const claimed = header(request, CONTENT_SHA256) ?? UNSIGNED;
  const result = verifySigV4Query(request, credentials, 's3', nowMs, region, claimed);
  if (!result.ok) throw signatureRefused(result, true);
  requireAllSigned(request, result.seed);
  if (claimed === UNSIGNED) return { kind: 'plain' };
  if (!/^[0-9a-f]{64}$/.test(claimed)) throw notImplemented(`a presigned request with ${CONTENT_SHA256}: ${claimed}`);
  return { kind: 'plain', sha256: claimed };
}

/** A header of Amazon's changes what a request does, so whoever signed it must have meant it. */
function requireAllSigned({ headers }: HttpRequest, { signedHeaders }: Seed): void {
  for (const name of Object.keys(headers)) {
    if (name.startsWith('x-amz-') && name !== CONTENT_SHA256 && !signedHeaders.includes(name)) {
      throw accessDenied(`There were headers present in the request which were not signed: ${name}`);
    }
  }
}

/** Signature version 2: some clients still make presigned URLs with it. AWS takes it in buckets made before 2020 alone. */
function isVersion2(request: HttpRequest): boolean {
  return header(request, 'authorization')?.startsWith('AWS ') === true || /[?&]AWSAccessKeyId=/.test(request.url ?? '');
}

const onlyVersion4 = (): AwsError =>
  invalidRequest('The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.');
