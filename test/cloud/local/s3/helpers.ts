import { createHash, createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { S3Client } from '@aws-sdk/client-s3';
import { credentials, region } from '../local-aws.js';

/** The stock client: nothing but endpoint and keys. One attempt, so that a test sees each refusal. */
export function stockS3(url: string): S3Client {
  return new S3Client({ region, credentials, endpoint: url, maxAttempts: 1 });
}

/** Name and status of the error that a call ends with, e.g. `NoSuchKey 404`. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'ok';
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    return `${name} ${$metadata?.httpStatusCode}`;
  }
}

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest();

export interface ToSign {
  method: string;
  path: string;
  /** In order, encoded. */
  query?: string;
  /** Lower case; all are signed. */
  headers: Record<string, string>;
  nowMs?: number;
  secretAccessKey?: string;
}

/** Signature version 4 by hand, for what no SDK would send. */
export function signByHand({ method, path, query = '', headers, nowMs = Date.now(), ...keys }: ToSign) {
  const amzDate = `${new Date(nowMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const parts = [amzDate.slice(0, 8), region, 's3', 'aws4_request'];
  const scope = parts.join('/');
  const key = parts.reduce<Buffer | string>(hmac, `AWS4${keys.secretAccessKey ?? credentials.secretAccessKey}`);
  const sign = (text: string) => hmac(key as Buffer, text).toString('hex');
  const all: Record<string, string> = { ...headers, 'x-amz-date': amzDate };
  const names = Object.keys(all).sort();
  const canonical = [
    method,
    path,
    query,
    ...names.map((name) => `${name}:${all[name]}`),
    '',
    names.join(';'),
    all['x-amz-content-sha256'],
  ].join('\n');
  const signature = sign(['AWS4-HMAC-SHA256', amzDate, scope, sha256(canonical)].join('\n'));
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { headers: { ...all, authorization }, signature, amzDate, scope, sign };
}

/** A URL that needs no header but Host. */
export function presignByHand(
  url: URL,
  method: string,
  expiresS: number,
  nowMs = Date.now(),
  keys: { accessKeyId: string; secretAccessKey: string } = credentials,
): URL {
  const amzDate = `${new Date(nowMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
  const parts = [amzDate.slice(0, 8), region, 's3', 'aws4_request'];
  const signed = new URL(url);
  const query = {
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD',
    'X-Amz-Credential': `${keys.accessKeyId}/${parts.join('/')}`,
    'X-Amz-Date': amzDate,
    'X-Amz-Expires': String(expiresS),
    'X-Amz-SignedHeaders': 'host',
  };
  for (const [name, value] of Object.entries(query)) signed.searchParams.set(name, value);
  signed.searchParams.sort();
  const canonical = [
    method,
    url.pathname,
    signed.searchParams.toString(),
    `host:${url.host}`,
    '',
    'host',
    'UNSIGNED-PAYLOAD',
  ];
  const key = parts.reduce<Buffer | string>(hmac, `AWS4${keys.secretAccessKey}`);
  const toSign = ['AWS4-HMAC-SHA256', amzDate, parts.join('/'), sha256(canonical.join('\n'))].join('\n');
  signed.searchParams.set('X-Amz-Signature', hmac(key as Buffer, toSign).toString('hex'));
  return signed;
}

export interface RawAnswer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
  /** Whether the server asked for the body (Expect: 100-continue). */
  continued: boolean;
}

/** A request as it is given; a body of several parts is sent in as many chunks. */
export function send(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string>,
  body: string | Buffer = '',
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let continued = false;
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, continued });
        request.destroy();
      });
    });
    request.on('continue', () => {
      continued = true;
      request.end(body);
    });
    request.on('error', reject);
    if (headers.expect === undefined) request.end(body);
    else request.flushHeaders();
  });
}
