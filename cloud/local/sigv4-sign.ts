/**
 * AWS Signature Version 4, the signing side, for pitwall's own calls to its local services: the SDK signs only for APIs that
 * it knows. The grammar is at the head of `sigv4.ts`; a test lets the one verify the other.
 */
import { createHmac, hash } from 'node:crypto';
import type { SigningKeys } from './sigv4.js';

export interface UnsignedRequest {
  method: string;
  url: URL;
  body: string | Uint8Array;
}

/** Headers to send with the request, `authorization` among them. The query must be encoded as URLSearchParams does it. */
export function signSigV4(
  { method, url, body }: UnsignedRequest,
  keys: SigningKeys,
  scope: { service: string; region: string },
  nowMs: number,
): Record<string, string> {
  const amzDate = `${new Date(nowMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const parts = [amzDate.slice(0, 8), scope.region, scope.service, 'aws4_request'];
  const query = [...url.searchParams]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join('&');
  const canonical = [
    method,
    encodeURI(url.pathname),
    query,
    `host:${url.host}\nx-amz-date:${amzDate}\n`,
    'host;x-amz-date',
    hash('sha256', body, 'hex'),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', amzDate, parts.join('/'), hash('sha256', canonical, 'hex')].join('\n');
  const key = parts.reduce<Buffer | string>(hmac, `AWS4${keys.secretAccessKey}`);
  const credential = `${keys.accessKeyId}/${parts.join('/')}`;
  const signature = hmac(key, toSign).toString('hex');
  return {
    'x-amz-date': amzDate,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host;x-amz-date, Signature=${signature}`,
  };
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
