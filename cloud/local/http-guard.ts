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

  /** The whole body. Rejects with the 413 or 503, or with `ClientGoneError` when the client leaves before its end. */
  read(request: HttpRequest): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    return new Promise((resolve, reject) => {
      const settle = (outcome: Buffer | Error) => {
        request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
        this.#inFlight -= length;
        if (outcome instanceof Error) {
          // The rest is read and dropped: closed now, the connection would end before the client has read why.
          request.on('error', () => {}).resume();
          reject(outcome);
        } else resolve(outcome);
      };
      const onData = (chunk: Buffer) => {
        length += chunk.length;
        this.#inFlight += chunk.length;
        if (length > this.#bytesMax) {
          settle(new AwsError('RequestEntityTooLarge', `A request takes at most ${this.#bytesMax} bytes.`, 413));
        } else if (this.#inFlight > this.#inFlightMax) {
          settle(new AwsError('ServiceUnavailable', 'Too many bytes of requests are in flight.', 503));
        } else chunks.push(chunk);
      };
      const onEnd = () => settle(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length));
      const onClose = () => settle(new ClientGoneError('The client left before the end of its request.'));
      request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
    });
  }
}

/** There is nobody to answer any more. */
export class ClientGoneError extends Error {}
