import { createHash, hash } from 'node:crypto';
import { AwsError } from '../aws-error.js';
import { isSameSignature, type Seed } from '../sigv4.js';
import { incompleteBody, invalidRequest } from './errors.js';

/**
 * The transfer coding `aws-chunked` (S3 API reference, "Signature calculations … transferring payload in multiple chunks"):
 *
 *     size in hex [;chunk-signature=…] CRLF  bytes CRLF   …   0 [;chunk-signature=…] CRLF
 *     name:value CRLF   …   [x-amz-trailer-signature:… CRLF]   CRLF
 *
 * A chunk's signature covers the one before it, the first one that of the request's headers.
 */
export interface ChunkedOptions {
  /** Absent when chunks are not signed. */
  seed?: Seed;
  /** Whether trailers may follow. */
  trailer: boolean;
  /** Below it, only the last chunk may be. */
  chunkBytesMin: number;
}

/** Of a size with its signature, or of a trailer. */
const LINE_BYTES_MAX = 1_024;
const TRAILERS_MAX = 8;
const EMPTY_HASH = hash('sha256', '', 'hex');

/**
 * Payload bytes as they come, a chunk's before its signature is known to be right: nothing may be kept before the end is
 * reached without an error. Trailers, names in lower case, are put into `trailers`.
 */
export async function* decodeChunked(
  source: AsyncIterable<Buffer>,
  { seed, trailer, chunkBytesMin }: ChunkedOptions,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  const reader = new Reader(source);
  const chain = seed && new SignatureChain(seed);
  let isShort = false;
  for (;;) {
    const { bytes, signature } = parseSize(await reader.line());
    if (chain !== undefined && signature === undefined) throw invalidRequest('A chunk is not signed.');
    if (bytes === 0) {
      chain?.chunk(EMPTY_HASH, signature);
      break;
    }
    if (isShort) throw chunkTooSmall(chunkBytesMin);
    isShort = bytes < chunkBytesMin;
    const chunkHash = chain && createHash('sha256');
    for (let left = bytes; left > 0; ) {
      const part = await reader.some(left);
      left -= part.length;
      chunkHash?.update(part);
      yield part;
    }
    if ((await reader.line()) !== '') throw incompleteBody('A chunk is longer than it says.');
    chain?.chunk(chunkHash?.digest('hex') ?? '', signature);
  }
  if (trailer) await readTrailers(reader, chain, trailers);
  else await reader.end();
}

async function readTrailers(
  reader: Reader,
  chain: SignatureChain | undefined,
  trailers: Map<string, string>,
): Promise<void> {
  let signature: string | undefined;
  let signed = '';
  for (let line = await reader.line(); line !== ''; line = await reader.line()) {
    const colon = line.indexOf(':');
    if (colon <= 0 || trailers.size === TRAILERS_MAX) throw invalidRequest('A trailer is malformed.');
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'x-amz-trailer-signature') signature = value;
    else {
      trailers.set(name, value);
      signed += `${name}:${value}\n`;
    }
  }
  chain?.trailer(hash('sha256', signed, 'hex'), signature);
  await reader.end();
}

function parseSize(line: string): { bytes: number; signature?: string } {
  const match = /^([0-9a-f]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line);
  if (match === null) throw invalidRequest('The body is not aws-chunked.');
  return { bytes: Number.parseInt(match[1], 16), signature: match[2] };
}

class SignatureChain {
  readonly #seed: Seed;
  #previous: string;

  constructor(seed: Seed) {
    this.#seed = seed;
    this.#previous = seed.signature;
  }

  chunk(payloadHash: string, given: string | undefined): void {
    this.#verify('AWS4-HMAC-SHA256-PAYLOAD', `${EMPTY_HASH}\n${payloadHash}`, given);
  }

  trailer(trailersHash: string, given: string | undefined): void {
    this.#verify('AWS4-HMAC-SHA256-TRAILER', trailersHash, given);
  }

  #verify(kind: string, what: string, given = ''): void {
    const { amzDate, scope } = this.#seed;
    const expected = this.#seed.sign([kind, amzDate, scope, this.#previous, what].join('\n'));
    if (!isSameSignature(given, expected)) {
      throw new AwsError('SignatureDoesNotMatch', 'The signature of a chunk does not match what it was to sign.', 403);
    }
    this.#previous = expected;
  }
}

/** Lines and bytes of a stream, whose chunks are cut anywhere. */
class Reader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** Without its end, which is CRLF; a lone LF is taken too. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf(10);
      if (end >= 0) {
        const line = this.#rest.toString('latin1', 0, end);
        this.#rest = this.#rest.subarray(end + 1);
        return line.endsWith('\r') ? line.slice(0, -1) : line;
      }
      if (this.#rest.length > LINE_BYTES_MAX) throw invalidRequest('The body is not aws-chunked.');
      const more = await this.#next();
      this.#rest = this.#rest.length === 0 ? more : Buffer.concat([this.#rest, more]);
    }
  }

  /** At least one byte, at most so many. */
  async some(bytesMax: number): Promise<Buffer> {
    if (this.#rest.length === 0) this.#rest = await this.#next();
    const taken = this.#rest.subarray(0, bytesMax);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  /** Reads the empty line at the end, which some clients leave out, and lets nothing else follow. */
  async end(): Promise<void> {
    let tail = this.#rest.toString('latin1', 0, LINE_BYTES_MAX);
    for (let next = await this.#chunks.next(); !next.done; next = await this.#chunks.next()) {
      tail += next.value.toString('latin1', 0, LINE_BYTES_MAX);
      if (tail.length > LINE_BYTES_MAX) break;
    }
    if (tail !== '' && tail !== '\r\n') throw invalidRequest('Something follows the last chunk.');
  }

  async #next(): Promise<Buffer> {
    for (;;) {
      const { done, value } = await this.#chunks.next();
      if (done) throw incompleteBody('The body ends in the middle of a chunk.');
      if (value.length > 0) return value;
    }
  }
}

const chunkTooSmall = (bytesMin: number): AwsError =>
  new AwsError(
    'InvalidChunkSizeError',
    `Only the last chunk is allowed to have a size less than ${bytesMin} bytes`,
    403,
  );
