import { readFile } from 'node:fs/promises';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { Aedes, type AedesPublishPacket } from 'aedes';
import { type Authority, openAuthority } from '#certs/authority.js';
import { wallClock } from '#wire/clock.js';

/** A message as the broker took it. */
export interface Heard {
  topic: string;
  payload: Buffer;
  clientId: string;
}

/** A plain aedes behind mutual TLS, with the switches that tests of an agent need. */
export class TestBroker {
  readonly authority: Authority;
  readonly heard: Heard[] = [];
  /** Number of CONNECTs that were accepted. */
  connects = 0;
  /** Topics whose publish closes the connection, as AWS IoT does when a policy refuses. */
  refusePublish: (topic: string) => boolean = () => false;
  /** Filters that get 128 in the SUBACK. */
  refuseSubscribe: (filter: string) => boolean = () => false;
  /** Filters on which the connection is closed. */
  closeOnSubscribe: (filter: string) => boolean = () => false;
  /** Publishes that get no PUBACK. */
  swallow: (topic: string) => boolean = () => false;
  /** What the cloud does with a message, e.g. acknowledge it. */
  onMessage: (message: Heard) => void = () => {};
  readonly #aedes: Aedes;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  private constructor(authority: Authority, aedes: Aedes) {
    this.authority = authority;
    this.#aedes = aedes;
    aedes.on('client', () => {
      this.connects++;
    });
    aedes.authorizePublish = (client, packet, callback) => {
      if (client && this.refusePublish(packet.topic)) {
        callback(new Error('refused by policy'));
        return;
      }
      if (client) this.#hear(packet as AedesPublishPacket, client.id);
      // Without the callback there is no PUBACK.
      if (!client || !this.swallow(packet.topic)) callback(null);
    };
    aedes.authorizeSubscribe = (client, subscription, callback) => {
      // Before the CONNACK it restores what it stored of a session, refused or not.
      const isAsked = client?.connected;
      if (isAsked && this.closeOnSubscribe(subscription.topic)) callback(new Error('refused by policy'));
      else callback(null, this.refuseSubscribe(subscription.topic) ? null : subscription);
    };
  }

  /** `dir`: where certificates and keys go. */
  static async start(dir: string): Promise<TestBroker> {
    const authority = await openAuthority(dir, { now: wallClock });
    const broker = new TestBroker(authority, await Aedes.createBroker());
    await broker.listen();
    return broker;
  }

  get port(): number {
    return this.#port;
  }

  /** Takes connections (again), on the port of the first time. */
  async listen(): Promise<void> {
    const { caPath, certPath, keyPath } = await this.authority.server();
    const [ca, cert, key] = await Promise.all([caPath, certPath, keyPath].map((path) => readFile(path)));
    const server = createServer(
      {
        ca,
        cert,
        key,
        requestCert: true,
        rejectUnauthorized: true,
        noDelay: true,
        ALPNProtocols: ['x-amzn-mqtt-ca', 'mqtt'],
      },
      (socket: TLSSocket) => {
        this.#sockets.add(socket);
        socket.on('close', () => this.#sockets.delete(socket));
        this.#aedes.handle(socket);
      },
    );
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Cuts every connection and takes no more: the link is gone. */
  async unlisten(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  /** Cuts every connection; they may come back at once. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  send(topic: string, payload: string | Uint8Array, qos: 0 | 1 = 1): void {
    this.#aedes.publish(
      { cmd: 'publish', topic, payload: Buffer.from(payload as string), qos, retain: false, dup: false },
      () => {},
    );
  }

  async close(): Promise<void> {
    await this.unlisten();
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
  }

  #hear(packet: AedesPublishPacket, clientId: string): void {
    const message: Heard = { topic: packet.topic, payload: Buffer.from(packet.payload), clientId };
    this.heard.push(message);
    this.onMessage(message);
  }
}

/** Waits until the condition holds; fails the test, naming it, when that takes longer than any sound run would. */
export async function until(what: string, condition: () => boolean, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
