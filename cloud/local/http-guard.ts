import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { AwsError } from './aws-error.js';

export type HttpRequest = IncomingMessage | Http2ServerRequest;

/**
 * Only a program on this machine that means this server gets through: a name that resolves here by somebody else's DNS has
 * another Host, a web page has an Origin. Throws the 403 otherwise.
 */
export function checkHost(request: HttpRequest): void {
  const host = request.headers.host ?? (request.headers[':authority'] as string | undefined);
  if (!isLoopback(host)) throw new AwsError('AccessDeniedException', `Host "${host ?? ''}" is not this machine.`, 403);
  const { origin } = request.headers;
  if (origin !== undefined && !isLoopback(origin.replace(/^https?:\/\//, ''))) {
    throw new AwsError('AccessDeniedException', `Origin "${origin}" is not this machine.`, 403);
  }
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

function isLoopback(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK.test(host);
}

/** Bodies being read at this moment, all connections together, and the bound on each and on their sum. */
export class BodyReader {
  readonly #bytesMax: number;
  readonly #inFlightMax: number;
  #inFlight = 0;

  constructor(bytesMax: number, inFlightMax: number) {
    this.#bytesMax = bytesMax;
    this.#inFlightMax = inFlightMax;
  }

  /** The whole body. Throws the 413 or 503, and rejects when the client goes away. */
  async read(request: HttpRequest): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        length += chunk.length;
        this.#inFlight += chunk.length;
        if (length > this.#bytesMax) {
          throw new AwsError('RequestEntityTooLarge', `A request takes at most ${this.#bytesMax} bytes.`, 413);
        }
        if (this.#inFlight > this.#inFlightMax) {
          throw new AwsError('ServiceUnavailable', 'Too many bytes of requests are in flight.', 503);
        }
        chunks.push(chunk);
      }
    } finally {
      this.#inFlight -= length;
    }
    return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length);
  }
}
