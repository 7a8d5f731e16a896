import { methodNotAllowed, notImplemented } from './errors.js';
import { header, type S3Request } from './request.js';

/**
 * Query parameters that make a request mean something else than its method and path say (S3 API reference), of the
 * operations that are not served: to ignore one would be to do the wrong thing.
 */
const UNSERVED = [
  'abac',
  'accelerate',
  'acl',
  'analytics',
  'annotation',
  'annotations',
  'attributes',
  'cors',
  'encryption',
  'intelligent-tiering',
  'inventory',
  'legal-hold',
  'lifecycle',
  'logging',
  'metadataConfiguration',
  'metadataTable',
  'metrics',
  'notification',
  'object-lock',
  'ownershipControls',
  'policy',
  'policyStatus',
  'publicAccessBlock',
  'renameObject',
  'replication',
  'requestPayment',
  'restore',
  'retention',
  'select',
  'session',
  'tagging',
  'torrent',
  'versionId',
  'versioning',
  'versions',
  'website',
];

/** Name of the operation that a request means. Throws NotImplemented, MethodNotAllowed. */
export function operationOf(request: S3Request): string {
  const { method, query, bucket, key } = request;
  const unserved = UNSERVED.find((name) => query.has(name));
  if (unserved !== undefined) throw notImplemented(`?${unserved}`);
  const name = bucket === undefined ? ofService(method) : key === undefined ? ofBucket(request) : ofObject(request);
  if (name === undefined) throw methodNotAllowed(method);
  return name;
}

function ofService(method: string): string | undefined {
  return method === 'GET' ? 'ListBuckets' : undefined;
}

function ofBucket({ method, query }: S3Request): string | undefined {
  switch (method) {
    case 'GET':
      if (query.has('location')) return 'GetBucketLocation';
      if (query.has('uploads')) return 'ListMultipartUploads';
      if (query.get('list-type') === '2') return 'ListObjectsV2';
      throw notImplemented('ListObjects (version 1)');
    case 'HEAD':
      return 'HeadBucket';
    case 'PUT':
      return 'CreateBucket';
    case 'DELETE':
      return 'DeleteBucket';
    case 'POST':
      if (query.has('delete')) return 'DeleteObjects';
      throw notImplemented('uploads from HTML forms');
    default:
      return undefined;
  }
}

function ofObject({ method, query, http }: S3Request): string | undefined {
  const isCopy = header(http, 'x-amz-copy-source') !== undefined;
  switch (method) {
    case 'GET':
      return query.has('uploadId') ? 'ListParts' : 'GetObject';
    case 'HEAD':
      return 'HeadObject';
    case 'PUT':
      if (!query.has('uploadId')) return isCopy ? 'CopyObject' : 'PutObject';
      return isCopy ? 'UploadPartCopy' : 'UploadPart';
    case 'POST':
      if (query.has('uploads')) return 'CreateMultipartUpload';
      return query.has('uploadId') ? 'CompleteMultipartUpload' : undefined;
    case 'DELETE':
      return query.has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject';
    default:
      return undefined;
  }
}
