import type { AwsError } from '../aws-error.js';
import type { HttpRequest } from '../http-guard.js';
import { algorithmNamed, checksumElement } from './checksums.js';
import { type ByteRange, readCondition, requireCondition, writeCondition } from './conditions.js';
import { type Answer, type Call, isoTime, type S3Context, type S3Operation } from './context.js';
import { invalidArgument, invalidRequest, noSuchKey, notImplemented, preconditionFailed } from './errors.js';
import type { ObjectRecord } from './keys.js';
import { partWanted, putPart } from './multipart-operations.js';
import { keptHeaders } from './object-headers.js';
import { header, parsePath } from './request.js';
import { copyBody } from './stored-body.js';
import { xmlDocument } from './xml.js';

/** From one object to another, or to a part of one; the bytes never leave. */
export function copyOperations(context: S3Context): Record<string, S3Operation> {
  return {
    CopyObject: (call) => copyObject(context, call),
    UploadPartCopy: (call) => copyPart(context, call),
  };
}

async function copyObject(context: S3Context, { request, bucket, key }: Call): Promise<Answer> {
  const { catalog, bodies, limits, raceClock } = context;
  catalog.requireBucket(bucket);
  const source = sourceOf(context, request.http);
  const from = source.record;
  if (from.bytes > limits.putBytesMax) throw sourceTooLarge(limits.putBytesMax);
  const replaces = header(request.http, 'x-amz-metadata-directive')?.toUpperCase() === 'REPLACE';
  if (!replaces && source.bucket === bucket && source.key === key) {
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  const wanted = header(request.http, 'x-amz-checksum-algorithm');
  if (wanted !== undefined && algorithmNamed(wanted) !== from.checksum.algorithm) {
    throw notImplemented('a copy with another checksum than its source has');
  }
  const headers = replaces ? keptHeaders(request.http, limits.metadataBytesMax) : from.headers;
  const condition = writeCondition(request.http);
  const pin = bodies.pin(from.segments);
  try {
    const segments = await bodies.duplicate(from.segments);
    const { bytes, etag, checksum } = from;
    const put: ObjectRecord = { bytes, etag, modifiedMs: raceClock.nowMs(), headers, checksum, segments };
    try {
      await catalog.changeObject(bucket, key, (current) => {
        requireCondition(condition, key, current);
        return { put };
      });
    } catch (error) {
      bodies.drop(segments);
      throw error;
    }
    const document = xmlDocument('CopyObjectResult', {
      LastModified: isoTime(put.modifiedMs),
      ETag: `"${etag}"`,
      [checksumElement(checksum.algorithm)]: checksum.value,
      ChecksumType: checksum.type,
    });
    return { document };
  } finally {
    pin.release();
  }
}

async function copyPart(context: S3Context, call: Call): Promise<Answer> {
  const { bodies, limits } = context;
  const { number, upload } = partWanted(context, call);
  const { http } = call.request;
  const { record } = sourceOf(context, http);
  const range = sourceRange(header(http, 'x-amz-copy-source-range'), record.bytes);
  if (range.to - range.from > limits.partBytesMax) throw sourceTooLarge(limits.partBytesMax);
  const { algorithm, chosen } = upload.checksum;
  const pin = bodies.pin(record.segments);
  try {
    const stored = await copyBody(bodies, record.segments, range, [algorithm]);
    const { etag, checksum, modifiedMs } = await putPart(context, call, upload, number, stored);
    const document = xmlDocument('CopyPartResult', {
      LastModified: isoTime(modifiedMs),
      ETag: `"${etag}"`,
      ...(chosen && { [checksumElement(algorithm)]: checksum }),
    });
    return { document };
  } finally {
    pin.release();
  }
}

/** What `x-amz-copy-source` names, on its conditions. Throws NoSuchBucket, NoSuchKey, PreconditionFailed. */
function sourceOf({ catalog }: S3Context, http: HttpRequest): { bucket: string; key: string; record: ObjectRecord } {
  const named = header(http, 'x-amz-copy-source') ?? '';
  if (named.includes('?versionId=')) throw notImplemented('x-amz-copy-source with a version');
  const { bucket, key } = parsePath(named);
  if (bucket === undefined || key === undefined) {
    const message = 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey';
    throw invalidArgument('x-amz-copy-source', named, message);
  }
  catalog.requireBucket(bucket);
  const record = catalog.object(bucket, key);
  if (record === undefined) throw noSuchKey(key);
  if (readCondition(http, record, 'x-amz-copy-source-') === 'not modified') {
    throw preconditionFailed('x-amz-copy-source-If-None-Match');
  }
  return { bucket, key, record };
}

/** Both ends are named, and lie within. */
function sourceRange(text: string | undefined, bytes: number): ByteRange {
  if (text === undefined) return { from: 0, to: bytes };
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(text);
  if (match === null || Number(match[1]) > Number(match[2])) {
    const message = 'The x-amz-copy-source-range value must be of the form bytes=first-last';
    throw invalidArgument('x-amz-copy-source-range', text, message);
  }
  const to = Number(match[2]) + 1;
  if (to > bytes) {
    const message = `Range specified is not valid for source object of size: ${bytes}`;
    throw invalidArgument('x-amz-copy-source-range', text, message);
  }
  return { from: Number(match[1]), to };
}

const sourceTooLarge = (bytesMax: number): AwsError =>
  invalidRequest(`The specified copy source is larger than the maximum allowable size for a copy source: ${bytesMax}`);
