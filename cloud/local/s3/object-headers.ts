import { AwsError } from '../aws-error.js';
import type { HttpRequest } from '../http-guard.js';
import { checksumHeader } from './checksums.js';
import { httpTime } from './context.js';
import { notImplemented } from './errors.js';
import type { KeptHeaders, ObjectRecord } from './keys.js';
import { header } from './request.js';

/** Headers that an object keeps beside its own metadata. */
const KEPT = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];
const METADATA = 'x-amz-meta-';
const CONTENT_TYPE_DEFAULT = 'binary/octet-stream';

/** Throws MetadataTooLarge. */
export function keptHeaders(request: HttpRequest, metadataBytesMax: number): KeptHeaders {
  const kept: Record<string, string> = { 'content-type': CONTENT_TYPE_DEFAULT };
  let metadataBytes = 0;
  for (const name of Object.keys(request.headers)) {
    const value = header(request, name) ?? '';
    if (name.startsWith(METADATA)) {
      metadataBytes += name.length - METADATA.length + Buffer.byteLength(value, 'latin1');
      kept[name] = value;
    } else if (KEPT.includes(name)) kept[name] = name === 'content-encoding' ? withoutChunked(value) : value;
  }
  if (metadataBytes > metadataBytesMax) {
    throw new AwsError('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', 400, {
      Size: metadataBytes,
      MaxSizeAllowed: metadataBytesMax,
    });
  }
  if (kept['content-encoding'] === '') delete kept['content-encoding'];
  return kept;
}

/** How the body travelled is not what it is. */
function withoutChunked(encoding: string): string {
  return encoding
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '' && each !== 'aws-chunked')
    .join(',');
}

export function answerHeaders(record: ObjectRecord): Record<string, string> {
  return {
    ...record.headers,
    etag: `"${record.etag}"`,
    'last-modified': httpTime(record.modifiedMs),
    'accept-ranges': 'bytes',
  };
}

export function checksumHeaders({ checksum: { algorithm, type, value } }: ObjectRecord): Record<string, string> {
  return { [checksumHeader(algorithm)]: value, 'x-amz-checksum-type': type };
}

/** Headers that ask for what is not served, and the values that ask for nothing. */
const UNSERVED: readonly { prefix: string; harmless?: readonly string[] }[] = [
  { prefix: 'x-amz-acl', harmless: ['private', 'bucket-owner-full-control'] },
  { prefix: 'x-amz-storage-class', harmless: ['STANDARD'] },
  { prefix: 'x-amz-bucket-object-lock-enabled', harmless: ['false'] },
  { prefix: 'x-amz-tagging-directive', harmless: ['COPY'] },
  { prefix: 'x-amz-grant-' },
  { prefix: 'x-amz-server-side-encryption' },
  { prefix: 'x-amz-copy-source-server-side-encryption' },
  { prefix: 'x-amz-object-lock' },
  { prefix: 'x-amz-tagging' },
  { prefix: 'x-amz-website-redirect-location' },
  { prefix: 'x-amz-write-offset-bytes' },
  { prefix: 'x-amz-mfa' },
];

/** Throws NotImplemented: what would be ignored is refused. */
export function refuseUnservedHeaders(request: HttpRequest): void {
  for (const name of Object.keys(request.headers)) {
    if (!name.startsWith('x-amz-')) continue;
    const rule = UNSERVED.find(({ prefix }) => name.startsWith(prefix));
    const value = header(request, name) ?? '';
    if (rule !== undefined && !rule.harmless?.includes(value)) throw notImplemented(`${name}: ${value.slice(0, 64)}`);
  }
}
