import { AwsError } from '../aws-error.js';
import { ClientGoneError, type HttpRequest } from '../http-guard.js';
import type { Payload } from './authentication.js';
import { decodeChunked } from './aws-chunked.js';
import { type ChecksumAlgorithm, type ChecksumClaim, checkForm, checksumClaim, checksumHeader } from './checksums.js';
import { Digest, type Digested } from './digest.js';
import { badDigest, entityTooLarge, incompleteBody, invalidRequest } from './errors.js';
import { header, type S3Request } from './request.js';

/** What signature version 4 says of a body. */
const SHA256 = 'SHA256';

export interface ReceiveOptions {
  bytesMax: number;
  claim?: ChecksumClaim;
  algorithms?: readonly ChecksumAlgorithm[];
  /** Takes the bytes; nothing more is read before it is done with them. */
  write(bytes: Buffer): Promise<void>;
}

/** A body on its way in: decoded, counted and compared with everything that the client said of it, in constant memory. */
export class IncomingBody {
  readonly #request: S3Request;
  readonly #payload: Payload;
  readonly #chunkBytesMin: number;
  readonly #accept: () => void;

  /** @param accept says to the client that it may send, where it waits for that (Expect: 100-continue) */
  constructor(request: S3Request, payload: Payload, chunkBytesMin: number, accept: () => void) {
    this.#request = request;
    this.#payload = payload;
    this.#chunkBytesMin = chunkBytesMin;
    this.#accept = accept;
  }

  /** Checksum that the client has said or will say. Throws InvalidRequest when it is malformed. */
  claim(): ChecksumClaim | undefined {
    return checksumClaim(this.#request.http.headers);
  }

  /** Throws BadDigest, XAmzContentSHA256Mismatch, EntityTooLarge, IncompleteBody, or `ClientGoneError`. */
  async receive({ bytesMax, claim, algorithms = [], write }: ReceiveOptions): Promise<Digested> {
    const announced = this.#announcedBytes();
    if (announced > bytesMax) throw entityTooLarge(announced, bytesMax);
    const contentMd5 = this.#contentMd5();
    const sha256 = this.#payload.kind === 'plain' ? this.#payload.sha256 : undefined;
    const wanted = [...algorithms];
    if (claim !== undefined) wanted.push(claim.algorithm);
    if (sha256 !== undefined) wanted.push(SHA256);
    const digest = new Digest(wanted);
    const trailers = new Map<string, string>();
    this.#accept();
    for await (const chunk of this.#chunks(trailers)) {
      digest.update(chunk);
      if (digest.bytes > announced) throw incompleteBody('The body is longer than the request said.');
      await write(chunk);
    }
    if (digest.bytes < announced) {
      throw incompleteBody('You did not provide the number of bytes specified by the Content-Length HTTP header');
    }
    const received = digest.end();
    if (contentMd5 !== undefined && hexOf(contentMd5) !== received.md5) throw badDigest('Content-MD5');
    if (sha256 !== undefined && hexOf(received.checksums.get(SHA256) ?? '') !== sha256) {
      throw new AwsError(
        'XAmzContentSHA256Mismatch',
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
      );
    }
    checkClaim(claim, received.checksums, trailers);
    return received;
  }

  /** All of a small body: the documents of S3's protocol. */
  async text(bytesMax: number, claim: ChecksumClaim | undefined): Promise<string> {
    const chunks: Buffer[] = [];
    await this.receive({
      bytesMax,
      claim,
      write: async (bytes) => {
        chunks.push(bytes);
      },
    });
    return Buffer.concat(chunks).toString('utf8');
  }

  #announcedBytes(): number {
    const name = this.#payload.kind === 'chunked' ? 'x-amz-decoded-content-length' : 'content-length';
    const text = header(this.#request.http, name);
    // HTTP has a body without a length where it has neither this nor a transfer coding: an empty one.
    if (text === undefined && this.#payload.kind === 'plain' && !('transfer-encoding' in this.#request.http.headers)) {
      return 0;
    }
    if (text === undefined || !/^\d{1,15}$/.test(text)) {
      throw new AwsError('MissingContentLength', 'You must provide the Content-Length HTTP header.', 411);
    }
    return Number(text);
  }

  #contentMd5(): string | undefined {
    const text = header(this.#request.http, 'content-md5');
    if (text === undefined) return undefined;
    if (Buffer.from(text, 'base64').length !== 16) {
      throw new AwsError('InvalidDigest', 'The Content-MD5 you specified is not valid.');
    }
    return text;
  }

  #chunks(trailers: Map<string, string>): AsyncIterable<Buffer> {
    const raw = chunksOf(this.#request.http);
    if (this.#payload.kind === 'plain') return raw;
    const { seed, trailer } = this.#payload;
    return decodeChunked(raw, { seed, trailer, chunkBytesMin: this.#chunkBytesMin }, trailers);
  }
}

function checkClaim(
  claim: ChecksumClaim | undefined,
  checksums: ReadonlyMap<ChecksumAlgorithm, string>,
  trailers: ReadonlyMap<string, string>,
): void {
  if (claim === undefined) return;
  const { algorithm, value = trailers.get(checksumHeader(algorithm)) } = claim;
  if (value === undefined) throw invalidRequest(`The trailer ${checksumHeader(algorithm)} is missing.`);
  checkForm(algorithm, value);
  if (value !== checksums.get(algorithm)) throw badDigest(algorithm);
}

const hexOf = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');

/** A client that sends nothing for so long is left; wall time. */
const IDLE_MS = 60_000;

/** The stream as it comes; one that ends early has lost its client. It is not destroyed when its reader stops early. */
async function* chunksOf(source: HttpRequest): AsyncGenerator<Buffer> {
  const timer = setTimeout(() => source.destroy(new Error(`Nothing came for ${IDLE_MS} ms.`)), IDLE_MS);
  try {
    for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      timer.refresh();
      yield chunk;
    }
  } catch (cause) {
    throw new ClientGoneError('The client left before the end of its request.', { cause });
  } finally {
    clearTimeout(timer);
  }
}
