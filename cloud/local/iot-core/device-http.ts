/**
 * HTTPS for devices, AWS's port 8443: the data plane and the jobs API for whoever has a certificate, as far as its policies
 * go (developer guide, "Publishing over HTTPS"). There is no client id, so rights that name the connected thing give nothing.
 */

import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Log } from '#wire/log.js';
import { AwsError } from '../aws-error.js';
import type { Authoriser } from './authoriser.js';
import type { Counters } from './counters.js';
import { parseCall } from './data-plane-calls.js';
import { jobsRightOf, type Right, rightsOf } from './device-rights.js';
import { readBody, respond, respondError } from './http-exchange.js';
import type { HttpCall, HttpPlane } from './http-front.js';
import { type Identity, identityOf } from './identity.js';
import type { IotCoreLimits } from './limits.js';
import { listen, portOf } from './listen.js';
import { type ListenerOptions, whyRefused } from './listener.js';
import { Refusal } from './refusal.js';

export interface DeviceHttpOptions
  extends Pick<ListenerOptions, 'tls' | 'isRegistered' | 'wallClock' | 'host' | 'port' | 'onRefused'> {
  authoriser: Authoriser;
  dataPlane: HttpPlane;
  /** Absent: its paths are unknown. */
  jobs?: HttpPlane;
  limits: IotCoreLimits;
  counters: Counters;
  log: Log;
}

const ALPN_PROTOCOLS = ['x-amzn-http-ca', 'http/1.1'];

export class DeviceHttp {
  readonly #options: DeviceHttpOptions;
  readonly #server: Server;
  readonly #identities = new WeakMap<Socket, Identity>();

  private constructor(options: DeviceHttpOptions) {
    const { tls, limits, onRefused } = options;
    this.#options = options;
    this.#server = createServer(
      {
        ca: readFileSync(tls.caPath),
        cert: readFileSync(tls.certPath),
        key: readFileSync(tls.keyPath),
        requestCert: true,
        // As for MQTT: certificates of other authorities are looked up in the registry.
        rejectUnauthorized: false,
        minVersion: 'TLSv1.2',
        ALPNProtocols: ALPN_PROTOCOLS,
        handshakeTimeout: limits.handshakeMs,
        requestTimeout: limits.handshakeMs,
        noDelay: true,
      },
      (request, response) => {
        this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error));
      },
    );
    this.#server.maxConnections = limits.connections;
    this.#server.on('tlsClientError', onRefused);
    this.#server.prependListener('secureConnection', (socket: TLSSocket) => this.#greet(socket));
  }

  /** Rejects with Node's error when the port is taken or a file cannot be read. */
  static async open(options: DeviceHttpOptions): Promise<DeviceHttp> {
    const listener = new DeviceHttp(options);
    await listen(listener.#server, options, options.onRefused);
    return listener;
  }

  get port(): number {
    return portOf(this.#server);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #greet(socket: TLSSocket): void {
    const { isRegistered, wallClock, onRefused } = this.#options;
    const why = whyRefused(socket, { isRegistered, wallClock, takesLogins: false });
    if (why === undefined) {
      this.#identities.set(socket, identityOf(socket));
      return;
    }
    onRefused(new Error(why));
    socket.destroy();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers, socket } = request;
    try {
      const { pathname, searchParams: query } = new URL(url, 'https://localhost');
      const { plane, rights } = this.#meant({ method, pathname, query, headers });
      const caller = this.#identities.get(socket);
      this.#check(caller, rights);
      const body = await readBody(request, plane.requestBytes);
      const answer = await plane.perform({ method, pathname, query, headers, body, caller: caller?.principal });
      respond(response, answer.status, answer.body);
    } catch (error) {
      respondError(request, response, error, this.#options.log);
    }
  }

  /** Raises AwsError for a call that is none. */
  #meant(call: Omit<HttpCall, 'body'>): { plane: HttpPlane; rights: Right[] | undefined } {
    const { dataPlane, jobs } = this.#options;
    const right = jobs && jobsRightOf(call.method, call.pathname);
    return jobs && right ? { plane: jobs, rights: [right] } : { plane: dataPlane, rights: rightsOf(parseCall(call)) };
  }

  /** Each time: what a certificate may do changes while its connection stays. */
  #check(caller: Identity | undefined, rights: Right[] | undefined): void {
    const { authoriser, counters, log } = this.#options;
    try {
      if (!caller || !rights) throw new Refusal('notAuthorised', 'No certificate may call this.');
      const may = authoriser.admitHttp(caller);
      for (const { action, resource } of rights) {
        if (!may(action, resource)) {
          throw new Refusal('notAuthorised', `${caller.principal} has no ${action} on ${resource}.`);
        }
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      counters.count('refused', error.reason);
      log.warn('A device was refused over HTTP.', { why: error.message });
      throw new AwsError('ForbiddenException', 'Forbidden', 403);
    }
  }
}
