/**
 * The HTTP data plane of AWS IoT, as `@aws-sdk/client-iot-data-plane` calls it: Publish, and shadows. Signed with SigV4,
 * on loopback. Operations of the API that are not served are answered 501 by name, anything else as AWS answers a call
 * that it does not know.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import { type SigningKeys, verifySigV4 } from '../sigv4.js';
import type { Broker } from './broker.js';
import type { Counters } from './counters.js';
import { type Call, HttpError, parseCall } from './data-plane-calls.js';
import type { IotCoreLimits } from './limits.js';
import { Refusal } from './refusal.js';
import type { ShadowService } from './shadow/service.js';
import type { ShadowAddress } from './shadow/topics.js';

export interface DataPlaneOptions {
  host: string;
  /** 0 = any free one. */
  port: number;
  credentials: SigningKeys;
  broker: Broker;
  shadows: ShadowService;
  limits: IotCoreLimits;
  raceClock: Clock;
  wallClock: Clock;
  counters: Counters;
  log: Log;
}

/** Today's SDKs sign for the first, older ones for the second. */
const SIGNING_NAMES = ['iotdata', 'iotdevicegateway'];
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/;
const REQUEST_TIMEOUT_MS = 30_000;

export class DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #server: Server;

  private constructor(options: DataPlaneOptions) {
    this.#options = options;
    this.#server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, noDelay: true }, (request, response) => {
      this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  /** Rejects with Node's error when the port is taken. */
  static async open(options: DataPlaneOptions): Promise<DataPlane> {
    const plane = new DataPlane(options);
    await new Promise<void>((resolve, reject) => {
      plane.#server.once('error', reject);
      plane.#server.listen(options.port, options.host, resolve);
    });
    return plane;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { log } = this.#options;
    try {
      const body = await this.#read(request);
      this.#authenticate(request, body);
      const answer = await this.#perform(parseCall(request.method ?? '', request.url ?? ''), body);
      respond(response, answer.status, answer.body);
    } catch (error) {
      const httpError = asHttpError(error);
      if (httpError.status >= 500)
        log.error('A data plane call failed.', { url: request.url, error: errorCode(error) });
      response.setHeader('x-amzn-errortype', httpError.type);
      respond(response, httpError.status, { message: httpError.message, traceId: randomUUID() });
    }
  }

  async #read(request: IncomingMessage): Promise<Buffer> {
    const { payloadBytes } = this.#options.limits;
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > payloadBytes) {
        throw new HttpError(413, 'RequestEntityTooLargeException', `A payload of more than ${payloadBytes} bytes.`);
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, bytes);
  }

  #authenticate(request: IncomingMessage, body: Buffer): void {
    const { credentials, wallClock, counters } = this.#options;
    // A page in a browser can make a name of its own point at this port.
    if (!LOOPBACK.test(request.headers.host ?? '')) {
      throw new HttpError(403, 'ForbiddenException', 'Only loopback names are served.');
    }
    const result = verifySigV4(request, body, credentials, SIGNING_NAMES, wallClock.nowMs());
    if (result.ok) return;
    counters.count('refused', 'signature');
    throw new HttpError(403, 'ForbiddenException', result.message);
  }

  async #perform(call: Call, body: Buffer): Promise<{ status: number; body: unknown }> {
    const { broker, credentials } = this.#options;
    switch (call.operation) {
      case 'Publish':
        await broker.publish(
          { topic: call.topic, payload: body, qos: call.qos, retain: call.retain },
          credentials.accessKeyId,
        );
        return { status: 200, body: { message: 'OK', traceId: randomUUID() } };
      case 'Shadow':
        return this.#shadow(call.address, body);
      case 'ListNamedShadowsForThing':
        return { status: 200, body: this.#list(call.thing, call.pageSize, call.nextToken) };
    }
  }

  /** HTTP errors never appear on MQTT; what HTTP changes does. */
  async #shadow(address: ShadowAddress, body: Buffer): Promise<{ status: number; body: unknown }> {
    const { shadows, broker, counters } = this.#options;
    const { status, answer, messages } = await shadows.handle(address, body);
    counters.count('shadow', `${address.verb} ${status}`);
    if (status !== 200) {
      throw new HttpError(
        status,
        SHADOW_ERRORS[status] ?? 'InternalFailureException',
        typeof answer.message === 'string' ? answer.message : '',
      );
    }
    if (address.verb !== 'get') {
      await Promise.all(
        messages.map(({ topic, payload }) => broker.announce(topic, Buffer.from(JSON.stringify(payload)))),
      );
    }
    return { status, body: answer };
  }

  #list(thing: string, pageSize: number, nextToken: string | undefined): unknown {
    const { shadows, raceClock } = this.#options;
    const names = shadows.names(thing);
    // The token is the last name given: names that come or go in between break no page.
    const from = nextToken === undefined ? 0 : names.findIndex((name) => name > nextToken);
    const results = from < 0 ? [] : names.slice(from, from + pageSize);
    const more = from >= 0 && from + pageSize < names.length;
    const timestamp = Math.floor(raceClock.nowMs() / 1000);
    return { results, timestamp, ...(more ? { nextToken: results[results.length - 1] } : {}) };
  }
}

const SHADOW_ERRORS: Record<number, string> = {
  400: 'InvalidRequestException',
  404: 'ResourceNotFoundException',
  409: 'ConflictException',
  413: 'RequestEntityTooLargeException',
  415: 'UnsupportedDocumentEncodingException',
  429: 'ThrottlingException',
};

function asHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof Refusal) {
    return error.reason === 'rulesFailed'
      ? new HttpError(503, 'ServiceUnavailableException', error.message)
      : new HttpError(400, 'InvalidRequestException', error.message);
  }
  return new HttpError(500, 'InternalFailureException', 'Internal service failure');
}

function respond(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-requestid': randomUUID() });
  response.end(JSON.stringify(body));
}
