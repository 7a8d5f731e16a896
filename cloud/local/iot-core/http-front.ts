/**
 * The port of AWS IoT's HTTP APIs. AWS has a host name for each API; here they share a port on loopback, and the service
 * that a request was signed for says which one is meant: `/things/{thingName}/jobs` is a path of two of them.
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import { AwsError } from '../aws-error.js';
import { type SigningKeys, signedService, verifySigV4 } from '../sigv4.js';
import type { Counters } from './counters.js';
import { readBody, respond, respondError } from './http-exchange.js';

/** A request whose signature, or right, is verified. */
export interface HttpCall {
  method: string;
  /** As it came, percent-encoded. */
  pathname: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Id of the certificate of a device that calls; absent: whoever has the account's keys. */
  caller?: string;
}

export interface HttpAnswer {
  status: number;
  /** Sent as JSON. */
  body: unknown;
}

/** One API. */
export interface HttpPlane {
  /** Services that its clients sign for. */
  readonly signingNames: readonly string[];
  /** Greatest body. */
  readonly requestBytes: number;
  /** Paths that need no signature, because what they carry is a secret itself. Default none. */
  readonly unsignedPaths?: readonly string[];
  /** Raises or rejects with AwsError. */
  perform(call: HttpCall): HttpAnswer | Promise<HttpAnswer>;
}

export interface HttpFrontOptions {
  host: string;
  /** 0 = any free one. */
  port: number;
  credentials: SigningKeys;
  planes: readonly HttpPlane[];
  wallClock: Clock;
  counters: Counters;
  log: Log;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/;
const REQUEST_TIMEOUT_MS = 30_000;

export class HttpFront {
  readonly #options: HttpFrontOptions;
  readonly #server: Server;

  private constructor(options: HttpFrontOptions) {
    this.#options = options;
    this.#server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, noDelay: true }, (request, response) => {
      this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  /** Rejects with Node's error when the port is taken. */
  static async open(options: HttpFrontOptions): Promise<HttpFront> {
    const front = new HttpFront(options);
    await new Promise<void>((resolve, reject) => {
      front.#server.once('error', reject);
      front.#server.listen(options.port, options.host, resolve);
    });
    return front;
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
    const { method = '', url = '', headers } = request;
    try {
      const { pathname, searchParams: query } = new URL(url, 'http://localhost');
      const open = this.#options.planes.find((each) => each.unsignedPaths?.some((path) => pathname.startsWith(path)));
      const plane = open ?? this.#planeOf(request);
      const body = await readBody(request, plane.requestBytes);
      this.#checkHost(request);
      if (open === undefined) this.#authenticate(request, body, plane);
      const answer = await plane.perform({ method, pathname, query, headers, body });
      respond(response, answer.status, answer.body);
    } catch (error) {
      respondError(request, response, error, this.#options.log);
    }
  }

  /** Of a service that nobody here answers to, any: its signature is then refused. */
  #planeOf(request: IncomingMessage): HttpPlane {
    const { planes } = this.#options;
    const service = signedService(request);
    return planes.find(({ signingNames }) => service !== undefined && signingNames.includes(service)) ?? planes[0];
  }

  /** A page in a browser can make a name of its own point at this port. */
  #checkHost({ headers }: IncomingMessage): void {
    if (!LOOPBACK.test(headers.host ?? '')) {
      throw new AwsError('ForbiddenException', 'Only loopback names are served.', 403);
    }
  }

  #authenticate(request: IncomingMessage, body: Buffer, { signingNames }: HttpPlane): void {
    const { credentials, wallClock, counters } = this.#options;
    const result = verifySigV4(request, body, credentials, signingNames, wallClock.nowMs());
    if (result.ok) return;
    counters.count('refused', 'signature');
    throw new AwsError('ForbiddenException', result.message, 403);
  }
}
