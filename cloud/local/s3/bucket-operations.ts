import { AwsError } from '../aws-error.js';
import { unquoted } from './conditions.js';
import {
  type Answer,
  type Call,
  DOCUMENT_BYTES_MAX,
  isoTime,
  ownerOf,
  type S3Context,
  type S3Operation,
} from './context.js';
import { invalidArgument, invalidRequest, malformedXml } from './errors.js';
import { deleteObject } from './object-operations.js';
import { header } from './request.js';
import { childText, parseXml, xmlDocument } from './xml.js';

/** Buckets, and what is done to many objects of one at once. */
export function bucketOperations(context: S3Context): Record<string, S3Operation> {
  const { catalog } = context;
  return {
    ListBuckets: (call) => listBuckets(context, call),
    CreateBucket: (call) => createBucket(context, call),
    HeadBucket: ({ bucket }) => {
      catalog.requireBucket(bucket);
      return { headers: { 'x-amz-bucket-region': context.region } };
    },
    GetBucketLocation: ({ bucket }) => {
      catalog.requireBucket(bucket);
      const region = context.region === LEGACY_REGION ? '' : context.region;
      return { document: xmlDocument('LocationConstraint', region) };
    },
    DeleteBucket: async ({ bucket }) => {
      if (await catalog.deleteBucket(bucket)) return { status: 204 };
      throw new AwsError('BucketNotEmpty', 'The bucket you tried to delete is not empty', 409, { BucketName: bucket });
    },
    DeleteObjects: (call) => deleteObjects(context, call),
  };
}

/** Its buckets have no location constraint, and making one that is there already does no harm. */
const LEGACY_REGION = 'us-east-1';

function listBuckets({ catalog, limits, region, ...context }: S3Context, { request: { query } }: Call): Answer {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? '';
  const maxText = query.get('max-buckets');
  const max = maxText === null ? limits.bucketsMax : Number(maxText);
  if (!Number.isInteger(max) || max < 1 || max > limits.bucketsMax) {
    const message = `Argument max-buckets must be an integer between 1 and ${limits.bucketsMax}.`;
    throw invalidArgument('max-buckets', maxText ?? '', message);
  }
  const wanted = query.get('bucket-region');
  const rest = catalog
    .buckets()
    .filter(({ name }) => name.startsWith(prefix) && name > after && (wanted === null || wanted === region));
  const page = rest.slice(0, max);
  const document = xmlDocument('ListAllMyBucketsResult', {
    Owner: ownerOf({ catalog, limits, region, ...context }),
    Buckets: {
      Bucket: page.map(({ name, createdMs }) => ({
        Name: name,
        CreationDate: isoTime(createdMs),
        BucketRegion: region,
      })),
    },
    ContinuationToken: rest.length > max ? page[page.length - 1].name : undefined,
    Prefix: prefix === '' ? undefined : prefix,
  });
  return { document };
}

async function createBucket(context: S3Context, { request, bucket, body }: Call): Promise<Answer> {
  const { catalog, region, limits, raceClock } = context;
  if (!isBucketName(bucket)) {
    throw new AwsError('InvalidBucketName', 'The specified bucket is not valid.', 400, { BucketName: bucket });
  }
  const location = locationIn(await body.text(DOCUMENT_BYTES_MAX, body.claim()));
  if (location !== undefined && (location !== region || region === LEGACY_REGION)) {
    throw new AwsError('InvalidLocationConstraint', 'The specified location-constraint is not valid', 400, {
      LocationConstraint: location,
    });
  }
  if (location === undefined && region !== LEGACY_REGION) {
    throw new AwsError(
      'IllegalLocationConstraintException',
      'The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.',
    );
  }
  if (header(request.http, 'x-amz-object-ownership') === 'ObjectWriter') {
    throw invalidRequest('Object ownership by writers needs access control lists, which are not served locally.');
  }
  if (catalog.hasBucket(bucket)) {
    if (region !== LEGACY_REGION) {
      throw new AwsError(
        'BucketAlreadyOwnedByYou',
        'Your previous request to create the named bucket succeeded and you already own it.',
        409,
        { BucketName: bucket },
      );
    }
  } else {
    if (catalog.bucketCount >= limits.bucketsMax) {
      throw new AwsError('TooManyBuckets', 'You have attempted to create more buckets than allowed');
    }
    await catalog.createBucket(bucket, raceClock.nowMs());
  }
  return { headers: { location: `/${bucket}` } };
}

function locationIn(text: string): string | undefined {
  if (text.trim() === '') return undefined;
  const document = parseXml(text);
  const unserved = document.children.find(({ name }) => name !== 'LocationConstraint');
  if (document.name !== 'CreateBucketConfiguration' || unserved !== undefined) throw malformedXml();
  return childText(document, 'LocationConstraint') || undefined;
}

/** S3 user guide, "General purpose bucket naming rules". */
function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !/\.\.|^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !/^(xn--|sthree-|amzn-s3-demo-)/.test(name) &&
    !/(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name)
  );
}

async function deleteObjects({ catalog, limits }: S3Context, { request, bucket, body }: Call): Promise<Answer> {
  catalog.requireBucket(bucket);
  if (body.claim() === undefined && header(request.http, 'content-md5') === undefined) {
    throw invalidRequest('Missing required header for this request: Content-MD5');
  }
  const document = parseXml(await body.text(DOCUMENT_BYTES_MAX, body.claim()));
  const objects = document.children.filter(({ name }) => name === 'Object');
  if (document.name !== 'Delete' || objects.length === 0 || objects.length > limits.pageMax) throw malformedXml();
  const isQuiet = childText(document, 'Quiet') === 'true';
  const named = objects.map((object) => {
    const key = childText(object, 'Key');
    if (key === undefined || key === '') throw malformedXml();
    return { key, etag: childText(object, 'ETag'), versionId: childText(object, 'VersionId') };
  });
  const results = await Promise.all(
    named.map(async ({ key, etag, versionId }) => {
      try {
        if (versionId !== undefined) {
          throw new AwsError('NoSuchVersion', 'The specified version does not exist.', 404);
        }
        const condition = etag === undefined ? undefined : { mustBeAbsent: false, mustMatch: unquoted(etag) };
        await deleteObject(catalog, bucket, key, condition);
        return { Deleted: { Key: key } };
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        return { Error: { Key: key, Code: error.code, Message: error.message } };
      }
    }),
  );
  const Deleted = isQuiet ? [] : results.flatMap((result) => result.Deleted ?? []);
  return { document: xmlDocument('DeleteResult', { Deleted, Error: results.flatMap((result) => result.Error ?? []) }) };
}
