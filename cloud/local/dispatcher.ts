import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import { crc32 } from 'node:zlib';
import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import { AwsError, unknownOperation } from './aws-error.js';
import { type BodyFormat, formatOf, jsonOf } from './body-format.js';
import { CallStats } from './call-stats.js';
import { EVENT_STREAM_CONTENT } from './event-stream.js';
import { AnswerDroppedError } from './faulty-service.js';
import { BodyReader, ClientGoneError, checkHost, type HttpRequest } from './http-guard.js';
import { EventStream, type JsonObject, type JsonService } from './json-service.js';
import { type SigningKeys, verifySigV4 } from './sigv4.js';

export type HttpResponse = ServerResponse | Http2ServerResponse;

/** The largest that any served operation takes: PutRecords of 10 MiB, as base64 with its keys around it. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;
const BODIES_IN_FLIGHT_BYTES_MAX = 16 * BODY_BYTES_MAX;

export interface DispatcherOptions {
  services: readonly JsonService[];
  credentials: SigningKeys;
  region: string;
  wallClock: Clock;
  log: Log;
}

/** From an HTTP request to a service's operation and back: guard, target, signature, documents, error shapes, counters. */
export class Dispatcher {
  readonly stats = new CallStats();
  readonly #options: DispatcherOptions;
  readonly #byPrefix: ReadonlyMap<string, JsonService>;
  readonly #bodies = new BodyReader(BODY_BYTES_MAX, BODIES_IN_FLIGHT_BYTES_MAX);
  #inFlight = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#byPrefix = new Map(options.services.map((service) => [service.targetPrefix, service]));
  }

  /** Requests that have no answer yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  async handle(request: HttpRequest, response: HttpResponse): Promise<void> {
    this.#inFlight++;
    try {
      await this.#answer(request, response);
    } catch (error) {
      // The client left in the middle of its request or of our answer: there is nobody to tell.
      this.stats.refuse('client gone');
      this.#options.log.info('local aws: a client went away', { cause: String(error) });
    } finally {
      this.#inFlight--;
    }
  }

  async #answer(request: HttpRequest, response: HttpResponse): Promise<void> {
    const startedMs = this.#options.wallClock.nowMs();
    const target = String(request.headers['x-amz-target'] ?? '');
    const dot = target.indexOf('.');
    const service = this.#byPrefix.get(target.slice(0, dot));
    const operation = target.slice(dot + 1);
    const format = formatOf(service, request.headers['content-type']);
    let bytesIn = 0;
    let served = false;
    let status = 200;
    let body: Buffer | EventStream;
    let errorCode: string | undefined;
    try {
      checkHost(request);
      const received = await this.#bodies.read(request);
      bytesIn = received.length;
      if (service === undefined || request.method !== 'POST') throw unknownOperation(target);
      this.#authenticate(service, request, received);
      const run = Object.hasOwn(service.operations, operation) ? service.operations[operation] : undefined;
      if (run === undefined) throw unknownOperation(target);
      served = true;
      const reply = await run(format.parse(received));
      body = reply instanceof EventStream ? reply : toBody(jsonOf(reply), format);
    } catch (error) {
      if (error instanceof ClientGoneError) throw error;
      if (error instanceof AnswerDroppedError) {
        response.destroy();
        return;
      }
      const refusal = this.#toAwsError(error, target);
      ({ status, code: errorCode } = refusal);
      body = toBody(jsonOf(errorDocument(refusal, service)), format);
    }
    if (served) {
      const busyMs = this.#options.wallClock.nowMs() - startedMs;
      const name = `${service?.signingName}.${operation}`;
      const bytesOut = body instanceof EventStream ? 0 : body.length;
      this.stats.record(name, { busyMs, bytesIn, bytesOut, errorCode });
    } else if (errorCode !== undefined) this.stats.refuse(errorCode);
    if (body instanceof EventStream) sendStream(response, body, format);
    else send(response, status, body, { contentType: format.contentType, crc32: service?.crc32 });
  }

  #authenticate(service: JsonService, request: HttpRequest, body: Uint8Array): void {
    const { credentials, region, wallClock } = this.#options;
    const result = verifySigV4(request, body, credentials, service.signingName, wallClock.nowMs(), region);
    if (!result.ok) throw new AwsError(result.code, result.message, service.authFailureStatus);
  }

  /** What is not a refusal is a defect or a full disk: the client gets a 500 that it may retry, the log the cause. */
  #toAwsError(error: unknown, target: string): AwsError {
    if (error instanceof AwsError) return error;
    this.#options.log.error('local aws: operation failed', {
      target,
      cause: error instanceof Error ? error.stack : String(error),
    });
    return new AwsError('InternalFailure', 'The request processing has failed; see the log.', 500);
  }
}

function toBody(json: readonly Uint8Array[], format: BodyFormat): Buffer {
  return json.length === 0 ? Buffer.alloc(0) : Buffer.concat(format.encode(json));
}

function errorDocument(error: AwsError, service: JsonService | undefined): JsonObject {
  return { __type: `${service?.errorNamespace ?? ''}${error.code}`, message: error.message, ...error.members };
}

/** The head goes out at once: the client's call resolves with it. */
function sendStream(response: HttpResponse, stream: EventStream, format: BodyFormat): void {
  const headers = { 'x-amzn-requestid': randomUUID(), 'content-type': EVENT_STREAM_CONTENT };
  (response as ServerResponse).writeHead(200, headers);
  (response as ServerResponse).flushHeaders();
  stream.start(response as ServerResponse, format);
}

interface AnswerHead {
  contentType: string;
  crc32: boolean | undefined;
}

function send(response: HttpResponse, status: number, body: Buffer, { contentType, crc32: withSum }: AnswerHead): void {
  const headers: Record<string, string | number> = {
    'x-amzn-requestid': randomUUID(),
    'content-type': contentType,
    'content-length': body.length,
  };
  if (withSum) headers['x-amz-crc32'] = crc32(body);
  // A client that is still sending what we refused must not find the connection reset before it reads why.
  if (status === 413 && response.req.httpVersionMajor === 1) headers.connection = 'close';
  (response as ServerResponse).writeHead(status, headers);
  (response as ServerResponse).end(body);
}
