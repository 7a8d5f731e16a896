/**
 * MQTT over WebSocket: `wss://<host>:<port>/mqtt`, the query signed with SigV4 for `iotdevicegateway` (AWS IoT developer guide,
 * "Device communication protocols"). Its clients are people and services with the account's keys, and whoever a custom
 * authorizer lets in; devices have certificates.
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '#wire/clock.js';
import { type SigningKeys, verifySigV4Query } from '../sigv4.js';
import type { Broker } from './broker.js';
import type { Arrival } from './clients/clients.js';
import type { Counters } from './counters.js';
import type { CustomAuthorization } from './custom-authorizer.js';
import type { IotCoreLimits } from './limits.js';
import { listen, portOf } from './listen.js';
import { addressesOf, type ListenerOptions } from './listener.js';

export interface WebSocketListenerOptions {
  tls: Pick<ListenerOptions['tls'], 'certPath' | 'keyPath'>;
  host: string;
  /** 0 = any free one. */
  port: number;
  credentials: SigningKeys;
  /** The only one that a signature may name; undefined: any. */
  region: string | undefined;
  limits: IotCoreLimits;
  /** Signatures age in real time. */
  wallClock: Clock;
  broker: Broker;
  /** Asked about requests that carry no signature; absent: they are refused. */
  custom?: CustomAuthorization;
  counters: Counters;
  onRefused: (error: Error) => void;
}

const SIGNING_NAME = 'iotdevicegateway';
/** In the query of a signed request. */
const SIGNATURE = 'X-Amz-Signature=';
const PATH = '/mqtt';
/** What MQTT 3.1.1 clients ask for, and what those of 3.1 did (IANA's registry of subprotocols has both). */
const SUBPROTOCOLS = ['mqtt', 'mqttv3.1'];
/** A frame may carry several packets. */
const FRAME_BYTES_FACTOR = 4;
/** RFC 6455 §7.4.1: no close frame came. */
const CLOSED_ABNORMALLY = 1006;

/** The port for MQTT over WebSocket. */
export class WebSocketListener {
  readonly #options: WebSocketListenerOptions;
  readonly #server: Server;
  readonly #webSockets: WebSocketServer;
  readonly #sockets = new Set<Socket>();

  private constructor(options: WebSocketListenerOptions) {
    const { tls, limits, onRefused } = options;
    this.#options = options;
    this.#webSockets = new WebSocketServer({
      noServer: true,
      maxPayload: limits.payloadBytes * FRAME_BYTES_FACTOR,
      perMessageDeflate: false,
      handleProtocols: (offered) => SUBPROTOCOLS.find((each) => offered.has(each)) ?? false,
    });
    this.#server = createServer(
      {
        cert: readFileSync(tls.certPath),
        key: readFileSync(tls.keyPath),
        minVersion: 'TLSv1.2',
        handshakeTimeout: limits.handshakeMs,
        requestTimeout: limits.handshakeMs,
        noDelay: true,
      },
      (_request, response) => {
        response.writeHead(426, { upgrade: 'websocket', connection: 'upgrade' });
        response.end();
      },
    );
    this.#server.maxConnections = limits.connections;
    this.#server.on('tlsClientError', onRefused);
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Rejects with Node's error when the port is taken or a file cannot be read. */
  static async open(options: WebSocketListenerOptions): Promise<WebSocketListener> {
    const listener = new WebSocketListener(options);
    await listen(listener.#server, options, options.onRefused);
    return listener;
  }

  get port(): number {
    return portOf(this.#server);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { credentials, region, custom, wallClock, counters } = this.#options;
    // Resets while it is refused are the client's business.
    socket.on('error', () => socket.destroy());
    if (!(request.url === PATH || request.url?.startsWith(`${PATH}?`))) {
      refuse(socket, '404 Not Found', 'ResourceNotFoundException', `MQTT is at ${PATH}.`);
      return;
    }
    if (custom && !request.url.includes(SIGNATURE)) {
      const accept = (webSocket: WebSocket) => this.#acceptLogin(webSocket, request, custom);
      this.#webSockets.handleUpgrade(request, socket, head, accept);
      return;
    }
    const result = verifySigV4Query(request, credentials, SIGNING_NAME, wallClock.nowMs(), region);
    if (!result.ok) {
      counters.count('refused', 'signature');
      refuse(socket, '403 Forbidden', 'ForbiddenException', result.message);
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket, request));
  }

  #accept(webSocket: WebSocket, request: IncomingMessage): void {
    const { accessKeyId } = this.#options.credentials;
    const { sourceIp } = addressesOf(request.socket);
    this.#hand(webSocket, request, () => ({ name: accessKeyId, principal: accessKeyId, sourceIp, signed: true }));
  }

  #acceptLogin(webSocket: WebSocket, request: IncomingMessage, custom: CustomAuthorization): void {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join() : (value ?? ''),
      ]),
    );
    const { sourceIp } = addressesOf(request.socket);
    const queryString = (request.url ?? '').slice(PATH.length);
    const { servername } = request.socket as TLSSocket;
    const serverName = typeof servername === 'string' ? servername : undefined;
    const visit = custom.visit({ sourceIp, serverName, http: { headers, queryString } });
    webSocket.once('close', () => visit.close());
    visit.end = this.#hand(webSocket, request, (login) => visit.identify(login));
  }

  /** Gives the connection to the broker; returns how to end it. */
  #hand(webSocket: WebSocket, request: IncomingMessage, identify: Arrival['identify']): ReturnType<Broker['handle']> {
    const { broker, limits } = this.#options;
    const addresses = addressesOf(request.socket);
    let end: ReturnType<Broker['handle']> = () => {};
    const expiry = setTimeout(() => end('WEBSOCKET_TTL_EXPIRATION'), limits.webSocketMs).unref();
    // Before the stream's own listener: a close frame is a client's good-bye, as DISCONNECT is.
    webSocket.once('close', (code) => {
      clearTimeout(expiry);
      if (code !== CLOSED_ABNORMALLY) end('CLIENT_INITIATED_DISCONNECT');
    });
    const stream = createWebSocketStream(webSocket, {
      highWaterMark: limits.slowConsumerBytes + 2 * limits.payloadBytes,
    });
    end = broker.handle({ stream, addresses, identify });
    return end;
  }
}

function refuse(socket: Duplex, status: string, type: string, message: string): void {
  const body = JSON.stringify({ message });
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\nx-amzn-errortype: ${type}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
