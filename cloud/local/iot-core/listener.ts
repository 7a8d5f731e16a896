import { readFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { certificateIdOf } from '#certs/issuing.js';
import { certificateId } from '#certs/policy/certificate.js';
import type { Clock } from '#wire/clock.js';
import type { Arrival } from './clients/clients.js';

export interface ListenerOptions {
  /** PEM files: whose certificates are trusted, and who the server is. */
  tls: { caPath: string; certPath: string; keyPath: string };
  /** Certificates that are trusted whoever signed them, by id: AWS takes what is registered. */
  isRegistered: (certificateId: string) => boolean;
  /** Told of the certificates that are not, in DER, whose owners have proved to have the keys. */
  onUnregistered?: (certificate: Buffer) => void;
  /** Whether a client without a certificate may go on to CONNECT, where a custom authorizer is asked. */
  takesLogins: boolean;
  wallClock: Clock;
  host: string;
  /** 0 = any free one. */
  port: number;
  connectionsMax: number;
  handshakeMs: number;
  /** What a socket may hold unsent before it says "full": above what a slow consumer may have, so that nobody waits for one. */
  socketBufferBytes: number;
  onConnection: (socket: TLSSocket) => void;
  onRefused: (error: Error) => void;
}

/** What the device SDK offers on any port, and what AWS calls MQTT with a custom authorizer. */
const LOGIN_PROTOCOL = 'mqtt';
const ALPN_PROTOCOLS = ['x-amzn-mqtt-ca', LOGIN_PROTOCOL];

/** The port that devices connect to: TLS 1.2 or 1.3, and nobody without a certificate of our authority or of the registry. */
export class Listener {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Rejects with Node's error when the port is taken or a file cannot be read. */
  static async open(options: ListenerOptions): Promise<Listener> {
    const { tls, host, port, connectionsMax, handshakeMs, socketBufferBytes, onConnection, onRefused, onUnregistered } =
      options;
    const accept = (socket: TLSSocket) => {
      const { raw } = socket.getPeerCertificate();
      if (raw && onUnregistered && !options.isRegistered(certificateIdOf(raw))) onUnregistered(raw);
      const why = whyRefused(socket, options);
      if (why === undefined) return onConnection(socket);
      onRefused(new Error(why));
      socket.destroy();
    };
    const server = createServer(
      {
        ca: readFileSync(tls.caPath),
        cert: readFileSync(tls.certPath),
        key: readFileSync(tls.keyPath),
        requestCert: true,
        // Those of other authorities are looked up when their owners have proved to have the keys.
        rejectUnauthorized: false,
        minVersion: 'TLSv1.2',
        ALPNProtocols: ALPN_PROTOCOLS,
        handshakeTimeout: handshakeMs,
        // A PUBACK written behind another would wait for the car's delayed ACK (Nagle; 40 ms, measured).
        noDelay: true,
        highWaterMark: socketBufferBytes,
      },
      accept,
    );
    server.maxConnections = connectionsMax;
    server.on('tlsClientError', (error, socket) => {
      onRefused(error);
      // Node only tells: without this, whoever never finishes a handshake stays for ever.
      socket.destroy();
    });
    const listener = new Listener(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    // Later errors (no more file descriptors) cost a connection, not the process.
    server.on('error', onRefused);
    return listener;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Stops listening and ends what is connected, also whoever has not said a word yet. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** Whether the client showed a certificate. */
export const hasCertificate = (socket: TLSSocket): boolean => socket.getPeerCertificate().raw !== undefined;

/** Undefined: the certificate is good, or none is needed. */
export function whyRefused(
  socket: TLSSocket,
  options: Pick<ListenerOptions, 'isRegistered' | 'takesLogins' | 'wallClock'>,
): string | undefined {
  const { isRegistered, takesLogins, wallClock } = options;
  if (socket.authorized) return undefined;
  const peer = socket.getPeerCertificate();
  if (peer.raw === undefined) {
    return takesLogins && socket.alpnProtocol === LOGIN_PROTOCOL ? undefined : 'No certificate was given.';
  }
  if (!isRegistered(certificateId(peer))) return `The certificate is not trusted: ${socket.authorizationError}.`;
  const nowMs = wallClock.nowMs();
  const isCurrent = Date.parse(peer.valid_from) <= nowMs && nowMs < Date.parse(peer.valid_to);
  return isCurrent ? undefined : 'The certificate has expired, or is not valid yet.';
}

/** Both ends of a connection, as AWS tells them. */
export function addressesOf(socket: Socket): Arrival['addresses'] {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return { sourceIp: remoteAddress, sourcePort: remotePort, targetIp: localAddress, targetPort: localPort };
}
