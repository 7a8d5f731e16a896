import { decode } from './catalog.js';
import { checksumElement } from './checksums.js';
import { type Call, isoTime, ownerOf, type S3Context, type S3Operation } from './context.js';
import { invalidArgument } from './errors.js';
import { type ObjectRecord, objectsOf, type PartRecord, successor, type UploadRecord, uploadsOf } from './keys.js';
import { type ListEntry, listPage } from './listing.js';
import { uploadIdOf } from './multipart-operations.js';
import { xmlDocument } from './xml.js';

/** Pages of objects, of unfinished uploads, and of the parts of one. */
export function listOperations(context: S3Context): Record<string, S3Operation> {
  return {
    ListObjectsV2: (call) => listObjects(context, call),
    ListMultipartUploads: (call) => listUploads(context, call),
    ListParts: (call) => listParts(context, call),
  };
}

interface ObjectEntry extends ListEntry {
  value: Buffer;
}

function listObjects(context: S3Context, { request: { query }, bucket }: Call) {
  const { catalog, limits } = context;
  catalog.requireBucket(bucket);
  const { name, encodingType } = encoding(query);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const startAfter = query.get('start-after') ?? undefined;
  const token = query.get('continuation-token') ?? undefined;
  const max = Math.min(wholeNumber(query, 'max-keys', limits.pageMax), limits.pageMax);
  const start = objectsOf(bucket).length;
  const read = function* (from: Buffer): Iterable<ObjectEntry> {
    for (const { key, value } of catalog.objects(bucket, from)) {
      const listed = key.subarray(start);
      yield { key: listed, position: listed, value };
    }
  };
  const after = startAfter === undefined ? undefined : Buffer.from(startAfter);
  const from = token === undefined ? undefined : fromToken(token);
  const page = listPage(read, { prefix, delimiter, after, from, max });
  const owner = query.get('fetch-owner') === 'true' ? ownerOf(context) : undefined;
  const document = xmlDocument('ListBucketResult', {
    Name: bucket,
    Prefix: name(prefix),
    Delimiter: delimiter === '' ? undefined : name(delimiter),
    StartAfter: startAfter === undefined ? undefined : name(startAfter),
    ContinuationToken: token,
    NextContinuationToken: page.next && toToken(page.next),
    KeyCount: page.entries.length + page.commonPrefixes.length,
    MaxKeys: max,
    EncodingType: encodingType,
    IsTruncated: page.next !== undefined,
    Contents: page.entries.map(({ key, value }) => {
      const { modifiedMs, etag, bytes, checksum } = decode<ObjectRecord>(value);
      return {
        Key: name(key.toString('utf8')),
        LastModified: isoTime(modifiedMs),
        ETag: `"${etag}"`,
        ChecksumAlgorithm: checksum.algorithm,
        ChecksumType: checksum.type,
        Size: bytes,
        StorageClass: 'STANDARD',
        Owner: owner,
      };
    }),
    CommonPrefixes: page.commonPrefixes.map((common) => ({ Prefix: name(common) })),
  });
  return { document };
}

interface UploadEntry extends ListEntry {
  upload: UploadRecord;
}

function listUploads(context: S3Context, { request: { query }, bucket }: Call) {
  const { catalog, limits } = context;
  catalog.requireBucket(bucket);
  const { name, encodingType } = encoding(query);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const uploadIdMarker = query.get('upload-id-marker') ?? '';
  const max = Math.min(wholeNumber(query, 'max-uploads', limits.pageMax), limits.pageMax);
  const start = uploadsOf(bucket).length;
  const read = function* (from: Buffer): Iterable<UploadEntry> {
    for (const { key, value } of catalog.uploads(bucket, from)) {
      const upload = decode<UploadRecord>(value);
      yield { key: Buffer.from(upload.key), position: key.subarray(start), upload };
    }
  };
  // Behind all uploads of the marker's key, or behind the one that is named: every id is less than 0xff.
  const behind = uploadIdMarker === '' ? '\uffff' : uploadIdMarker;
  const after = keyMarker === '' ? undefined : Buffer.from(`${keyMarker}\0${behind}`);
  // A common prefix as the marker stands for all that is under it.
  const delimiterAt = keyMarker.startsWith(prefix) ? keyMarker.indexOf(delimiter, prefix.length) : -1;
  const isCommonPrefix = delimiter !== '' && delimiterAt >= 0 && delimiterAt === keyMarker.length - delimiter.length;
  const from = isCommonPrefix ? successor(Buffer.from(keyMarker)) : undefined;
  const page = listPage(read, { prefix, delimiter, after, from, max });
  const last = page.entries.at(-1)?.upload;
  const lastPrefix = page.commonPrefixes.at(-1) ?? '';
  const endsWithPrefix = Buffer.compare(Buffer.from(lastPrefix), Buffer.from(last?.key ?? '')) > 0;
  const owner = ownerOf(context);
  const document = xmlDocument('ListMultipartUploadsResult', {
    Bucket: bucket,
    KeyMarker: name(keyMarker),
    UploadIdMarker: uploadIdMarker,
    ...(page.next !== undefined && {
      NextKeyMarker: name(endsWithPrefix ? lastPrefix : (last?.key ?? '')),
      NextUploadIdMarker: endsWithPrefix ? '' : (last?.uploadId ?? ''),
    }),
    Prefix: name(prefix),
    Delimiter: delimiter === '' ? undefined : name(delimiter),
    EncodingType: encodingType,
    MaxUploads: max,
    IsTruncated: page.next !== undefined,
    Upload: page.entries.map(({ upload: { key, uploadId, initiatedMs, checksum } }) => ({
      Key: name(key),
      UploadId: uploadId,
      Initiator: owner,
      Owner: owner,
      StorageClass: 'STANDARD',
      Initiated: isoTime(initiatedMs),
      ChecksumAlgorithm: checksum.algorithm,
      ChecksumType: checksum.type,
    })),
    CommonPrefixes: page.commonPrefixes.map((common) => ({ Prefix: name(common) })),
  });
  return { document };
}

function listParts(context: S3Context, { request: { query }, bucket, key }: Call) {
  const { catalog, limits } = context;
  catalog.requireBucket(bucket);
  const { checksum, uploadId } = catalog.upload(bucket, key, uploadIdOf(query));
  const max = Math.min(wholeNumber(query, 'max-parts', limits.pageMax), limits.pageMax);
  const marker = wholeNumber(query, 'part-number-marker', 0);
  const rest = catalog.parts(uploadId).filter(({ number }) => number > marker);
  const page: PartRecord[] = rest.slice(0, max);
  const isTruncated = max > 0 && rest.length > max;
  const owner = ownerOf(context);
  const document = xmlDocument('ListPartsResult', {
    Bucket: bucket,
    Key: key,
    UploadId: uploadId,
    PartNumberMarker: marker,
    NextPartNumberMarker: isTruncated ? page[page.length - 1].number : undefined,
    MaxParts: max,
    IsTruncated: isTruncated,
    Initiator: owner,
    Owner: owner,
    StorageClass: 'STANDARD',
    ChecksumAlgorithm: checksum.algorithm,
    ChecksumType: checksum.type,
    Part: page.map((part) => ({
      PartNumber: part.number,
      LastModified: isoTime(part.modifiedMs),
      ETag: `"${part.etag}"`,
      Size: part.bytes,
      [checksumElement(checksum.algorithm)]: part.checksum,
    })),
  });
  return { document };
}

/** How names are written: as they are, or percent-encoded for parsers that refuse control characters. */
function encoding(query: URLSearchParams): { name(text: string): string; encodingType?: string } {
  const encodingType = query.get('encoding-type') ?? undefined;
  if (encodingType === undefined) return { name: (text) => text };
  if (encodingType !== 'url') {
    throw invalidArgument('encoding-type', encodingType, 'Invalid Encoding Method specified in Request');
  }
  return { name: urlEncoded, encodingType };
}

/** As forms are encoded, but for the slash. */
function urlEncoded(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%2F/g, '/')
    .replace(/%20/g, '+');
}

function wholeNumber(query: URLSearchParams, name: string, absent: number): number {
  const text = query.get(name);
  if (text === null || text === '') return absent;
  const number = Number(text);
  if (!/^\d{1,10}$/.test(text) || number > 0x7fffffff) {
    throw invalidArgument(name, text, `Provided ${name} not an integer or within integer range`);
  }
  return number;
}

/** Where a listing goes on; opaque to clients. The mark in front tells ours from anything else. */
const TOKEN_MARK = Buffer.from('p1');

function toToken(from: Buffer): string {
  return Buffer.concat([TOKEN_MARK, from]).toString('base64url');
}

function fromToken(token: string): Buffer {
  const bytes = Buffer.from(token, 'base64url');
  if (!bytes.subarray(0, TOKEN_MARK.length).equals(TOKEN_MARK)) {
    throw invalidArgument('continuation-token', token, 'The continuation token provided is incorrect');
  }
  return bytes.subarray(TOKEN_MARK.length);
}
