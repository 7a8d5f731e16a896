/** One HTTP call of AWS's APIs: its body within bounds, its answer as JSON, its error in AWS's shape. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import { AwsError } from '../aws-error.js';

/** Raises AwsError for more than so many bytes. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      throw new AwsError('RequestEntityTooLargeException', `A payload of more than ${bytesMax} bytes.`, 413);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

export function respond(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-requestid': randomUUID() });
  response.end(JSON.stringify(body));
}

export function respondError(request: IncomingMessage, response: ServerResponse, error: unknown, log: Log): void {
  const { status, code, message, members } = asAwsError(error);
  if (status >= 500) log.error('An HTTP call failed.', { url: request.url, error: errorCode(error) });
  response.setHeader('x-amzn-errortype', code);
  respond(response, status, { message, ...members, traceId: randomUUID() });
}

function asAwsError(error: unknown): AwsError {
  return error instanceof AwsError ? error : new AwsError('InternalFailureException', 'Internal service failure', 500);
}
