import { AwsError } from '../aws-error.js';
import type { HttpRequest } from '../http-guard.js';
import { noSuchKey, notImplemented, preconditionFailed } from './errors.js';
import type { ObjectRecord } from './keys.js';
import { header } from './request.js';

/** Conditions of a write: that there is nothing, or exactly this. */
export interface WriteCondition {
  mustBeAbsent: boolean;
  /** ETag without quotes; `*` = any. */
  mustMatch?: string;
}

/** Undefined when the write has none. Throws NotImplemented for what S3 does not take. */
export function writeCondition(request: HttpRequest): WriteCondition | undefined {
  const noneMatch = header(request, 'if-none-match');
  const match = header(request, 'if-match');
  if (noneMatch !== undefined && noneMatch !== '*') throw notImplemented('If-None-Match of a write other than *');
  if (noneMatch !== undefined && match !== undefined) throw notImplemented('If-Match beside If-None-Match');
  if (noneMatch === undefined && match === undefined) return undefined;
  return { mustBeAbsent: noneMatch !== undefined, mustMatch: match && unquoted(match) };
}

/** Throws PreconditionFailed, or NoSuchKey when there is nothing to match. */
export function requireCondition(
  condition: WriteCondition | undefined,
  key: string,
  current: ObjectRecord | undefined,
): void {
  if (condition === undefined) return;
  if (condition.mustBeAbsent) {
    if (current !== undefined) throw preconditionFailed('If-None-Match');
    return;
  }
  if (current === undefined) throw noSuchKey(key);
  if (condition.mustMatch !== '*' && condition.mustMatch !== current.etag) throw preconditionFailed('If-Match');
}

/**
 * RFC 9110 §13.2.2, the order in which conditions of a read are looked at. Throws PreconditionFailed.
 *
 * @param prefix of the headers' names: empty, or `x-amz-copy-source-`
 */
export function readCondition(request: HttpRequest, record: ObjectRecord, prefix = ''): 'changed' | 'not modified' {
  const match = header(request, `${prefix}if-match`);
  const unmodifiedSince = timeOf(header(request, `${prefix}if-unmodified-since`));
  const noneMatch = header(request, `${prefix}if-none-match`);
  const modifiedSince = timeOf(header(request, `${prefix}if-modified-since`));
  // HTTP's times have whole seconds.
  const modifiedMs = Math.floor(record.modifiedMs / 1000) * 1000;
  if (match !== undefined) {
    if (!matches(match, record)) throw preconditionFailed('If-Match');
  } else if (unmodifiedSince !== undefined && modifiedMs > unmodifiedSince) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  if (noneMatch !== undefined) return matches(noneMatch, record) ? 'not modified' : 'changed';
  return modifiedSince !== undefined && modifiedMs <= modifiedSince ? 'not modified' : 'changed';
}

function matches(list: string, { etag }: ObjectRecord): boolean {
  return list.split(',').some((each) => each.trim() === '*' || unquoted(each.trim()) === etag);
}

export function unquoted(etag: string): string {
  return etag.replace(/^W\//, '').replace(/^"(.*)"$/, '$1');
}

/** Undefined for what is not a time: HTTP ignores it. */
function timeOf(text: string | undefined): number | undefined {
  const timeMs = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** First byte and the one after the last. */
export interface ByteRange {
  from: number;
  to: number;
}

/**
 * `Range: bytes=…` on so many bytes; undefined when the whole is to be sent: no range, several, or not one that HTTP knows.
 * Throws InvalidRange when it lies beyond the end.
 */
export function byteRange(text: string | undefined, bytes: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(text?.trim() ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const [, first, last] = match;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  const from = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const to = first === '' || last === '' ? bytes : Math.min(Number(last) + 1, bytes);
  if (from >= to) {
    throw new AwsError('InvalidRange', 'The requested range is not satisfiable', 416, {
      RangeRequested: text,
      ActualObjectSize: bytes,
    });
  }
  return { from, to };
}
