import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import { AwsError, serialization } from '../aws-error.js';
import type { CallStats } from '../call-stats.js';
import type { HttpResponse } from '../dispatcher.js';
import { BodyReader, ClientGoneError, checkHost, type HttpRequest } from '../http-guard.js';
import { isJsonObject, type JsonObject } from '../json-service.js';
import { type SigningKeys, verifySigV4 } from '../sigv4.js';
import { InvocationError, type LocalFunctions } from './functions.js';
import { type Route, routeOf } from './routes.js';
import { PAYLOAD_BYTES_MAX } from './sources/batch.js';
import type { EventSources } from './sources/event-sources.js';

export interface LambdaServiceOptions {
  functions: LocalFunctions;
  sources: EventSources;
  credentials: SigningKeys;
  region: string;
  accountId: string;
  wallClock: Clock;
  stats: CallStats;
  log: Log;
}

interface Answer {
  status: number;
  /** JSON. */
  body?: string;
  headers?: Record<string, string>;
}

const BODIES_IN_FLIGHT_BYTES_MAX = 16 * PAYLOAD_BYTES_MAX;
const PAGE_MAX = 100;

/** Lambda's REST API, as far as it is about event source mappings and calls of functions. */
export class LambdaService {
  readonly #options: LambdaServiceOptions;
  readonly #bodies = new BodyReader(PAYLOAD_BYTES_MAX, BODIES_IN_FLIGHT_BYTES_MAX);
  #inFlight = 0;

  constructor(options: LambdaServiceOptions) {
    this.#options = options;
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
      if (!(error instanceof ClientGoneError)) throw error;
      this.#options.stats.refuse('client gone');
    } finally {
      this.#inFlight--;
    }
  }

  async #answer(request: HttpRequest, response: HttpResponse): Promise<void> {
    const { wallClock, stats } = this.#options;
    const startedMs = wallClock.nowMs();
    let operation: string | undefined;
    let bytesIn = 0;
    let answer: Answer;
    let errorCode: string | undefined;
    try {
      checkHost(request);
      const body = await this.#bodies.read(request);
      bytesIn = body.length;
      this.#authenticate(request, body);
      const route = routeOf(request);
      operation = route.operation;
      answer = await this.#run(route, request, body);
    } catch (error) {
      if (error instanceof ClientGoneError) throw error;
      const refusal = this.#toAwsError(error, request.url);
      errorCode = refusal.code;
      answer = {
        status: refusal.status,
        body: JSON.stringify({ Type: refusal.status < 500 ? 'User' : 'Service', Message: refusal.message }),
        headers: { 'x-amzn-errortype': refusal.code },
      };
    }
    send(response, answer);
    if (operation === undefined) stats.refuse(errorCode ?? 'unknown');
    else {
      const bytesOut = Buffer.byteLength(answer.body ?? '');
      stats.record(`lambda.${operation}`, { busyMs: wallClock.nowMs() - startedMs, bytesIn, bytesOut, errorCode });
    }
  }

  #authenticate(request: HttpRequest, body: Uint8Array): void {
    const { credentials, region, wallClock } = this.#options;
    const result = verifySigV4(request, body, credentials, 'lambda', wallClock.nowMs(), region);
    if (!result.ok) throw new AwsError(result.code, result.message, 403);
  }

  async #run({ operation, name, query }: Route, request: HttpRequest, body: Buffer): Promise<Answer> {
    const { sources } = this.#options;
    switch (operation) {
      case 'CreateEventSourceMapping':
        return json(202, await sources.create(parse(body)));
      case 'ListEventSourceMappings':
        return json(200, page(sources.list().filter(wantedBy(query)), 'EventSourceMappings', query));
      case 'GetEventSourceMapping':
        return json(200, sources.get(name));
      case 'UpdateEventSourceMapping':
        return json(202, await sources.update(name, parse(body)));
      case 'DeleteEventSourceMapping':
        return json(202, await sources.delete(name));
      case 'ListFunctions':
        return json(200, page(this.#options.functions.names().map(this.#describe), 'Functions', query));
      case 'GetFunction':
        return json(200, { Configuration: this.#describe(this.#nameOf(name)) });
      case 'Invoke':
        return this.#invoke(name, request, body);
    }
  }

  async #invoke(name: string, request: HttpRequest, body: Buffer): Promise<Answer> {
    const { functions } = this.#options;
    const type = String(request.headers['x-amz-invocation-type'] ?? 'RequestResponse');
    const payload = body.length === 0 ? '{}' : body.toString('utf8');
    checkPayload(payload);
    const headers = { 'x-amz-executed-version': '$LATEST' };
    try {
      switch (type) {
        case 'DryRun':
          this.#nameOf(name);
          return { status: 204, headers };
        case 'Event':
          functions.queue(name, payload);
          return { status: 202 };
        case 'RequestResponse':
          return { status: 200, body: await functions.invoke(name, payload), headers };
        default:
          throw new AwsError('InvalidParameterValueException', `There is no invocation type ${type}.`);
      }
    } catch (error) {
      if (!(error instanceof InvocationError)) throw error;
      if (error.name !== 'FunctionError') {
        throw new AwsError(error.name, error.message, error.retriable ? 429 : 404);
      }
      const { cause } = error;
      const failure = {
        errorMessage: cause instanceof Error ? cause.message : String(cause),
        errorType: cause instanceof Error ? cause.name : typeof cause,
      };
      return {
        status: 200,
        body: JSON.stringify(failure),
        headers: { ...headers, 'x-amz-function-error': 'Unhandled' },
      };
    }
  }

  #nameOf(nameOrArn: string): string {
    if (this.#options.functions.has(nameOrArn)) return nameOrArn;
    throw new AwsError('ResourceNotFoundException', `Function not found: ${nameOrArn}`, 404);
  }

  readonly #describe = (nameOrArn: string): JsonObject => {
    const { region, accountId } = this.#options;
    const FunctionName = /function:([\w-]+)/.exec(nameOrArn)?.[1] ?? nameOrArn;
    const FunctionArn = `arn:aws:lambda:${region}:${accountId}:function:${FunctionName}`;
    return { FunctionName, FunctionArn, Version: '$LATEST', State: 'Active' };
  };

  /** What is not a refusal is a defect or a full disk: the client gets a 500 that it may retry, the log the cause. */
  #toAwsError(error: unknown, url: string | undefined): AwsError {
    if (error instanceof AwsError) return error;
    const cause = error instanceof Error ? error.stack : String(error);
    this.#options.log.error('local lambda: operation failed', { url, cause });
    return new AwsError('ServiceException', 'The request processing has failed; see the log.', 500);
  }
}

function parse(body: Buffer): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw serialization('The body is not JSON.');
  }
  if (!isJsonObject(value)) throw serialization('Start of structure or map found where not expected.');
  return value;
}

function checkPayload(payload: string): void {
  try {
    JSON.parse(payload);
  } catch {
    throw new AwsError('InvalidRequestContentException', 'Could not parse request body into json.');
  }
}

function wantedBy(query: URLSearchParams): (mapping: JsonObject) => boolean {
  const source = query.get('EventSourceArn');
  const name = query.get('FunctionName');
  return ({ EventSourceArn, FunctionArn }) => {
    const ofFunction = name === null || FunctionArn === name || String(FunctionArn).endsWith(`:function:${name}`);
    return ofFunction && (source === null || EventSourceArn === source);
  };
}

/** A marker is the number of what went before. */
function page(all: readonly JsonObject[], member: string, query: URLSearchParams): JsonObject {
  const start = Number(query.get('Marker') ?? 0);
  const count = Number(query.get('MaxItems') ?? PAGE_MAX);
  if (!Number.isInteger(start) || start < 0 || !Number.isInteger(count) || count < 1) {
    throw new AwsError('InvalidParameterValueException', 'Marker or MaxItems is not one of this list.');
  }
  const end = start + Math.min(count, PAGE_MAX);
  return { [member]: all.slice(start, end), ...(end < all.length && { NextMarker: String(end) }) };
}

const json = (status: number, document: object): Answer => ({ status, body: JSON.stringify(document) });

function send(response: HttpResponse, { status, body, headers }: Answer): void {
  const bytes = Buffer.from(body ?? '');
  (response as ServerResponse).writeHead(status, {
    'x-amzn-requestid': randomUUID(),
    ...(status !== 204 && { 'content-type': 'application/json', 'content-length': bytes.length }),
    ...headers,
  });
  (response as ServerResponse).end(bytes);
}
