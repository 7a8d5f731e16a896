import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { errorCode } from '#wire/errors.js';
import type { AwsError } from '../aws-error.js';
import type { HttpResponse } from '../dispatcher.js';
import { ClientGoneError, type HttpRequest } from '../http-guard.js';
import type { Answer } from './context.js';
import { xmlDocument } from './xml.js';

/** What is read and dropped of a body that was refused, so that its sender gets to read why; then it is cut off. */
const DROPPED_BYTES_MAX = 64 * 1024 * 1024;
/** A client that takes nothing for so long is left; wall time. */
const IDLE_MS = 60_000;
const REQUEST_ID = 'x-amz-request-id';

/** The error as S3's document; HEAD and 304 go without. */
export function answerError({ code, message, status, members }: AwsError, url: string): Answer {
  const requestId = newRequestId();
  const headers: Record<string, string> = { [REQUEST_ID]: requestId };
  if (code === 'InvalidRange') headers['content-range'] = `bytes */${String(members.ActualObjectSize)}`;
  const [Resource] = url.split('?', 1);
  const texts = Object.fromEntries(Object.entries(members).map(([name, value]) => [name, String(value)]));
  const document = xmlDocument('Error', { Code: code, Message: message, ...texts, Resource, RequestId: requestId }, '');
  return { status, headers, document };
}

/** Sends it, in constant memory. Returns the bytes of the body; rejects when the client leaves before its end. */
export async function sendAnswer(http: HttpRequest, response: HttpResponse, answer: Answer): Promise<number> {
  const { status = 200, document, stream } = answer;
  const body = document === undefined || http.method === 'HEAD' ? undefined : Buffer.from(document);
  const headers: Record<string, string | number> = { [REQUEST_ID]: newRequestId(), ...answer.headers };
  if (document !== undefined) headers['content-type'] = 'application/xml';
  if (body !== undefined) headers['content-length'] = body.length;
  else if (stream === undefined && status !== 204 && status !== 304) headers['content-length'] ??= 0;
  dropRest(http);
  // Both have it; they differ in types alone.
  const out = response as ServerResponse;
  try {
    out.writeHead(status, headers);
    if (stream === undefined || stream.bytes === 0) {
      out.end(body);
      return body?.length ?? 0;
    }
    out.setTimeout(IDLE_MS, () => out.destroy());
    await pipeline(stream.chunks, out).catch(asClientGone);
    return stream.bytes;
  } finally {
    stream?.close();
  }
}

/** What is not the client's doing stays as it is: a file that cannot be read. */
const CLIENT_CODES: ReadonlySet<string> = new Set([
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_UNABLE_TO_PIPE',
  'ERR_STREAM_WRITE_AFTER_END',
  'ERR_HTTP2_INVALID_STREAM',
  'ERR_HTTP2_STREAM_ERROR',
  'ECONNRESET',
  'EPIPE',
]);

function asClientGone(error: unknown): never {
  if (!CLIENT_CODES.has(errorCode(error))) throw error;
  throw new ClientGoneError('The client left in the middle of the answer.', { cause: error });
}

function dropRest(http: HttpRequest): void {
  if (http.complete) return;
  let dropped = 0;
  http.on('error', () => {});
  http.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > DROPPED_BYTES_MAX) http.destroy();
  });
}

function newRequestId(): string {
  return randomBytes(8).toString('hex').toUpperCase();
}
