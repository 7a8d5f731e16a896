import { AwsError } from '../aws-error.js';
import type { HttpRequest } from '../http-guard.js';

/** A request in S3's terms: path style, so the first segment of the path is the bucket and the rest the key. */
export interface S3Request {
  http: HttpRequest;
  method: string;
  /** Path as it came, for error documents. */
  resource: string;
  bucket: string | undefined;
  key: string | undefined;
  query: URLSearchParams;
}

/** Throws InvalidURI when a part of the path is not UTF-8 in percent encoding. */
export function parseRequest(http: HttpRequest): S3Request {
  const url = http.url ?? '/';
  const queryAt = url.indexOf('?');
  const resource = queryAt < 0 ? url : url.slice(0, queryAt);
  const { bucket, key } = parsePath(resource);
  const query = new URLSearchParams(queryAt < 0 ? '' : url.slice(queryAt + 1));
  return { http, method: http.method ?? 'GET', resource, bucket, key, query };
}

/** `/bucket/key…`; also what `x-amz-copy-source` names, with or without the first slash. */
export function parsePath(path: string): { bucket: string | undefined; key: string | undefined } {
  const text = path.startsWith('/') ? path.slice(1) : path;
  const slash = text.indexOf('/');
  const bucket = decode(slash < 0 ? text : text.slice(0, slash));
  const key = slash < 0 ? '' : decode(text.slice(slash + 1));
  return { bucket: bucket || undefined, key: key || undefined };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsError('InvalidURI', "Couldn't parse the specified URI.");
  }
}

/** A header that is given once; of several, all with commas between, as HTTP reads them. */
export function header({ headers }: HttpRequest, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}
