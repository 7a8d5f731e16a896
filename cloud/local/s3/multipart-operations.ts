import { createHash, randomBytes } from 'node:crypto';
import { AwsError } from '../aws-error.js';
import {
  algorithmNamed,
  checksumElement,
  checksumHeader,
  checksumOfParts,
  DEFAULT_ALGORITHM,
  MULTIPART_TYPES,
} from './checksums.js';
import { requireCondition, unquoted, writeCondition } from './conditions.js';
import { type Answer, type Call, DOCUMENT_BYTES_MAX, type S3Context, type S3Operation } from './context.js';
import { badDigest, invalidArgument, invalidRequest, malformedXml, noSuchUpload } from './errors.js';
import type { ObjectRecord, PartRecord, UploadRecord } from './keys.js';
import { checksumHeaders, keptHeaders } from './object-headers.js';
import { header } from './request.js';
import { receiveBody, type StoredBody } from './stored-body.js';
import { childText, parseXml, type XmlElement, xmlDocument } from './xml.js';

/** An object in parts: each is put by itself, then all become the object at once. */
export function multipartOperations(context: S3Context): Record<string, S3Operation> {
  return {
    CreateMultipartUpload: (call) => createUpload(context, call),
    UploadPart: (call) => uploadPart(context, call),
    CompleteMultipartUpload: (call) => completeUpload(context, call),
    AbortMultipartUpload: async ({ request, bucket, key }) => {
      context.catalog.requireBucket(bucket);
      await context.catalog.abortUpload(bucket, key, uploadIdOf(request.query));
      return { status: 204 };
    },
  };
}

export const uploadIdOf = (query: URLSearchParams): string => query.get('uploadId') ?? '';

async function createUpload(context: S3Context, { request, bucket, key }: Call): Promise<Answer> {
  const { catalog, limits, raceClock } = context;
  catalog.requireBucket(bucket);
  const chosen = header(request.http, 'x-amz-checksum-algorithm');
  const algorithm = chosen === undefined ? DEFAULT_ALGORITHM : algorithmNamed(chosen);
  const wanted = header(request.http, 'x-amz-checksum-type')?.toUpperCase();
  const [usual] = MULTIPART_TYPES[algorithm];
  const type = wanted === undefined ? usual : MULTIPART_TYPES[algorithm].find((each) => each === wanted);
  if (type === undefined) {
    throw invalidRequest(
      `The ${wanted} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  }
  const nowMs = raceClock.nowMs();
  const upload: UploadRecord = {
    key,
    // Uploads of one key are listed as they began.
    uploadId: `${Math.floor(nowMs).toString(16).padStart(12, '0')}${randomBytes(16).toString('hex')}`,
    initiatedMs: nowMs,
    headers: keptHeaders(request.http, limits.metadataBytesMax),
    checksum: { algorithm, type, chosen: chosen !== undefined },
  };
  await catalog.createUpload(bucket, upload);
  const document = xmlDocument('InitiateMultipartUploadResult', {
    Bucket: bucket,
    Key: key,
    UploadId: upload.uploadId,
  });
  const headers = { 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': type };
  return { document, ...(chosen !== undefined && { headers }) };
}

async function uploadPart(context: S3Context, call: Call): Promise<Answer> {
  const { bodies, limits } = context;
  const { number, upload } = partWanted(context, call);
  const { algorithm, chosen } = upload.checksum;
  const claim = call.body.claim();
  if (chosen && claim !== undefined && claim.algorithm !== algorithm) {
    throw invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${algorithm.toLowerCase()}, actual checksum Type: ${claim.algorithm.toLowerCase()}`,
    );
  }
  const stored = await receiveBody(bodies, call.body, {
    bytesMax: limits.partBytesMax,
    claim,
    algorithms: [algorithm],
  });
  const { etag } = await putPart(context, call, upload, number, stored);
  const answered = claim?.algorithm ?? (chosen ? algorithm : undefined);
  const checksum = answered && { [checksumHeader(answered)]: stored.checksums.get(answered) ?? '' };
  return { headers: { etag: `"${etag}"`, ...checksum } };
}

/** Which part of which upload a request is about. Throws NoSuchBucket, NoSuchUpload, InvalidArgument. */
export function partWanted(
  { catalog, limits: { partsMax } }: S3Context,
  { request: { query }, bucket, key }: Call,
): { number: number; upload: UploadRecord } {
  catalog.requireBucket(bucket);
  const numberText = query.get('partNumber') ?? '';
  const number = Number(numberText);
  if (!Number.isInteger(number) || number < 1 || number > partsMax) {
    const message = `Part number must be an integer between 1 and ${partsMax}, inclusive`;
    throw invalidArgument('partNumber', numberText, message);
  }
  return { number, upload: catalog.upload(bucket, key, uploadIdOf(query)) };
}

export async function putPart(
  { catalog, raceClock }: S3Context,
  { bucket, key }: Call,
  { uploadId, checksum }: UploadRecord,
  number: number,
  { bytes, md5: etag, checksums, segments, discard }: StoredBody,
): Promise<PartRecord> {
  const part: PartRecord = {
    number,
    bytes,
    etag,
    modifiedMs: raceClock.nowMs(),
    checksum: checksums.get(checksum.algorithm) ?? '',
    segments,
  };
  try {
    await catalog.putPart(bucket, key, uploadId, part);
  } catch (error) {
    await discard();
    throw error;
  }
  return part;
}

/** A part as its uploader names it at the end. */
interface NamedPart {
  number: number;
  etag: string;
  checksum: string | undefined;
}

async function completeUpload(context: S3Context, call: Call): Promise<Answer> {
  const { request, bucket, key, body } = call;
  const { catalog, limits, raceClock } = context;
  catalog.requireBucket(bucket);
  const uploadId = uploadIdOf(request.query);
  const condition = writeCondition(request.http);
  // What its headers say of a checksum is the object's, not this document's.
  const document = parseXml(await body.text(DOCUMENT_BYTES_MAX, undefined));
  const done = catalog.object(bucket, key);
  // Asked again, since the first answer was lost.
  if (done?.uploadId === uploadId) return completed(call, done);
  const upload = catalog.upload(bucket, key, uploadId);
  const named = namedParts(document, upload, limits.partsMax);
  const conditional = condition && catalog.beginConditional(bucket, key);
  let made: ObjectRecord | undefined;
  try {
    await catalog.completeUpload(
      bucket,
      key,
      uploadId,
      (parts, current) => {
        requireCondition(condition, key, current);
        const chosen = choose(named, parts, uploadId, limits.partBytesMin);
        made = { ...compose(upload, chosen), modifiedMs: raceClock.nowMs() };
        checkWhole(request.http.headers, made);
        return made;
      },
      conditional,
    );
  } finally {
    conditional?.end();
  }
  if (made === undefined) throw noSuchUpload(uploadId);
  return completed(call, made);
}

function namedParts(document: XmlElement, { checksum }: UploadRecord, partsMax: number): NamedPart[] {
  const elements = document.children.filter(({ name }) => name === 'Part');
  if (elements.length === 0 || elements.length > partsMax) throw malformedXml();
  const needsChecksum = checksum.chosen && checksum.type === 'COMPOSITE';
  return elements.map((element) => {
    const number = Number(childText(element, 'PartNumber'));
    const etag = childText(element, 'ETag');
    if (!Number.isInteger(number) || etag === undefined) throw malformedXml();
    const given = childText(element, checksumElement(checksum.algorithm));
    if (given === undefined && needsChecksum) {
      throw invalidRequest(
        `The upload was created using a ${checksum.algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
      );
    }
    return { number, etag: unquoted(etag.trim()), checksum: given };
  });
}

/** The parts that were named, in order. Throws InvalidPart, InvalidPartOrder, EntityTooSmall. */
function choose(
  named: readonly NamedPart[],
  parts: readonly PartRecord[],
  uploadId: string,
  partBytesMin: number,
): PartRecord[] {
  const byNumber = new Map(parts.map((part) => [part.number, part]));
  if (named.some(({ number }, i) => i > 0 && number <= named[i - 1].number)) {
    throw new AwsError(
      'InvalidPartOrder',
      'The list of parts was not in ascending order. Parts must be ordered by part number.',
    );
  }
  const chosen = named.map(({ number, etag, checksum }) => {
    const part = byNumber.get(number);
    if (part === undefined || part.etag !== etag || (checksum !== undefined && checksum !== part.checksum)) {
      throw new AwsError(
        'InvalidPart',
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        400,
        { UploadId: uploadId, PartNumber: number, ETag: etag },
      );
    }
    return part;
  });
  const small = chosen.slice(0, -1).find(({ bytes }) => bytes < partBytesMin);
  if (small !== undefined) {
    throw new AwsError('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', 400, {
      ProposedSize: small.bytes,
      MinSizeAllowed: partBytesMin,
      PartNumber: small.number,
      ETag: small.etag,
    });
  }
  return chosen;
}

function compose(upload: UploadRecord, parts: readonly PartRecord[]): Omit<ObjectRecord, 'modifiedMs'> {
  const { algorithm, type } = upload.checksum;
  const md5s = createHash('md5');
  for (const { etag } of parts) md5s.update(Buffer.from(etag, 'hex'));
  return {
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    etag: `${md5s.digest('hex')}-${parts.length}`,
    headers: upload.headers,
    checksum: checksumOfParts(algorithm, type, parts),
    segments: parts.flatMap(({ segments }) => segments),
    uploadId: upload.uploadId,
  };
}

/** What the uploader says of the whole. Throws BadDigest, InvalidRequest. */
function checkWhole(headers: Readonly<Record<string, unknown>>, { bytes, checksum }: ObjectRecord): void {
  const checksumText = headers[checksumHeader(checksum.algorithm)];
  if (checksumText !== undefined && checksumText !== checksum.value) throw badDigest(checksum.algorithm);
  const bytesText = headers['x-amz-mp-object-size'];
  if (bytesText !== undefined && Number(bytesText) !== bytes) {
    throw invalidRequest('The provided x-amz-mp-object-size header does not match the total size of the parts.');
  }
}

function completed({ request, bucket, key }: Call, record: ObjectRecord): Answer {
  const { algorithm, type, value } = record.checksum;
  return {
    headers: checksumHeaders(record),
    document: xmlDocument('CompleteMultipartUploadResult', {
      Location: `http://${request.http.headers.host}${request.resource}`,
      Bucket: bucket,
      Key: key,
      ETag: `"${record.etag}"`,
      [checksumElement(algorithm)]: value,
      ChecksumType: type,
    }),
  };
}
