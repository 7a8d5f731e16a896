import type { Catalog } from './catalog.js';
import { DEFAULT_ALGORITHM } from './checksums.js';
import { byteRange, readCondition, requireCondition, type WriteCondition, writeCondition } from './conditions.js';
import type { Answer, Call, S3Context, S3Operation } from './context.js';
import { invalidArgument, noSuchKey } from './errors.js';
import type { ObjectRecord } from './keys.js';
import { answerHeaders, checksumHeaders, keptHeaders } from './object-headers.js';
import { header } from './request.js';
import { receiveBody } from './stored-body.js';

/** One object as a whole: put, get, head, delete. */
export function objectOperations(context: S3Context): Record<string, S3Operation> {
  return {
    PutObject: (call) => putObject(context, call),
    GetObject: (call) => readObject(context, call, true),
    HeadObject: (call) => readObject(context, call, false),
    DeleteObject: async ({ request, bucket, key }) => {
      await deleteObject(context.catalog, bucket, key, writeCondition(request.http));
      return { status: 204 };
    },
  };
}

/** What is not there is deleted just as well. Throws NoSuchBucket, PreconditionFailed. */
export function deleteObject(
  catalog: Catalog,
  bucket: string,
  key: string,
  condition: WriteCondition | undefined,
): Promise<void> {
  return catalog.changeObject(bucket, key, (current) => {
    requireCondition(condition, key, current);
    return current && {};
  });
}

async function putObject(context: S3Context, { request, bucket, key, body }: Call): Promise<Answer> {
  const { catalog, bodies, limits, raceClock } = context;
  catalog.requireBucket(bucket);
  const headers = keptHeaders(request.http, limits.metadataBytesMax);
  const condition = writeCondition(request.http);
  const claim = body.claim();
  const algorithm = claim?.algorithm ?? DEFAULT_ALGORITHM;
  const conditional = condition && catalog.beginConditional(bucket, key);
  try {
    // Before the body comes, which may be large; and once more when it is there.
    requireCondition(condition, key, condition && catalog.object(bucket, key));
    const {
      bytes,
      md5: etag,
      checksums,
      segments,
      discard,
    } = await receiveBody(bodies, body, {
      bytesMax: limits.putBytesMax,
      claim,
      algorithms: [algorithm],
    });
    const checksum = { algorithm, type: 'FULL_OBJECT', value: checksums.get(algorithm) ?? '' } as const;
    const put: ObjectRecord = { bytes, etag, modifiedMs: raceClock.nowMs(), headers, checksum, segments };
    try {
      await catalog.changeObject(
        bucket,
        key,
        (current) => {
          requireCondition(condition, key, current);
          return { put };
        },
        conditional,
      );
    } catch (error) {
      await discard();
      throw error;
    }
    return { headers: { etag: `"${etag}"`, ...checksumHeaders(put) } };
  } finally {
    conditional?.end();
  }
}

/** Query parameters that replace a header of the answer. */
const OVERRIDES = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

function readObject({ catalog, bodies }: S3Context, { request, bucket, key }: Call, withBody: boolean): Answer {
  catalog.requireBucket(bucket);
  const record = catalog.object(bucket, key);
  if (record === undefined) throw noSuchKey(key);
  const headers: Record<string, string> = answerHeaders(record);
  for (const name of OVERRIDES) {
    const override = request.query.get(`response-${name}`);
    if (override !== null) headers[name] = override;
  }
  if (readCondition(request.http, record) === 'not modified') {
    return { status: 304, headers: { etag: headers.etag, 'last-modified': headers['last-modified'] } };
  }
  const part = partOf(record, request.query.get('partNumber'));
  const range = part ?? byteRange(header(request.http, 'range'), record.bytes);
  const { from, to } = range ?? { from: 0, to: record.bytes };
  headers['content-length'] = String(to - from);
  // Of a part of an object there is no checksum.
  const isWhole = to - from === record.bytes;
  if (isWhole && header(request.http, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED') {
    Object.assign(headers, checksumHeaders(record));
  }
  if (range !== undefined) headers['content-range'] = `bytes ${from}-${to - 1}/${record.bytes}`;
  if (part !== undefined) headers['x-amz-mp-parts-count'] = String(record.segments.length);
  const status = range === undefined ? 200 : 206;
  if (!withBody) return { status, headers };
  const pin = bodies.pin(record.segments);
  const chunks = bodies.read(record.segments, from, to);
  return { status, headers, stream: { bytes: to - from, chunks, close: () => pin.release() } };
}

/** Of an object that was uploaded in parts, one of them; of another one, all of it is part 1. */
function partOf(record: ObjectRecord, text: string | null): { from: number; to: number } | undefined {
  if (text === null) return undefined;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > Math.max(1, record.segments.length)) {
    throw invalidArgument('partNumber', text, 'The requested partnumber is not satisfiable');
  }
  if (record.segments.length === 0) return undefined;
  const from = record.segments.slice(0, number - 1).reduce((sum, { bytes }) => sum + bytes, 0);
  return { from, to: from + record.segments[number - 1].bytes };
}
