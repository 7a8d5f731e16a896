import { createServer as createHttp1Server, type Server as Http1Server } from 'node:http';
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Router } from './router.js';

/** RFC 9113 §3.4: what a client with prior knowledge of HTTP/2 sends first. No HTTP/1 method is called PRI. */
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
/** A connection that has not said which protocol it speaks by then is closed. */
const PREFACE_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 1_024;
/** Longer than any SDK keeps an idle connection, so that none is closed while a request is on its way. */
const KEEP_ALIVE_MS = 65_000;
/** HTTP/2 flow control: a PutRecords of 10 MiB arrives without waiting for window updates every 64 KiB. */
const HTTP2_WINDOW_BYTES = 4 * 1024 * 1024;
const HTTP2_STREAMS_MAX = 256;
/**
 * Answers that wait for a slow reader count, and a GetRecords of 10 MiB is 14 MB as JSON: with Node's own bound of 10 MB a reader that
 * is some seconds late would have every further request of its connection refused (ENHANCE_YOUR_CALM).
 */
const HTTP2_SESSION_MB_MAX = 512;
const CLOSE_GRACE_MS = 2_000;

export interface FrontOptions {
  host: string;
  /** 0 = any free one. */
  port: number;
  router: Router;
  log: Log;
}

/**
 * One port, two protocols: HTTP/1.1 and HTTP/2 without TLS, told apart by the first bytes of a connection. The Kinesis client
 * speaks the latter by default, the other clients the former.
 */
export class Front {
  readonly #router: Router;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #tcp: Server;
  readonly #http1: Http1Server;
  readonly #http2: Http2Server;

  private constructor({ router, log }: FrontOptions) {
    this.#router = router;
    this.#http1 = createHttp1Server(
      { keepAliveTimeout: KEEP_ALIVE_MS },
      (request, response) => void router.handle(request, response),
    );
    this.#http1.on('checkContinue', (request, response) => void router.handleExpecting(request, response));
    this.#http2 = createHttp2Server(
      {
        maxSessionMemory: HTTP2_SESSION_MB_MAX,
        settings: { initialWindowSize: HTTP2_WINDOW_BYTES, maxConcurrentStreams: HTTP2_STREAMS_MAX },
      },
      (request, response) => void router.handle(request, response),
    );
    this.#http2.on('session', (session) => {
      session.setLocalWindowSize(HTTP2_WINDOW_BYTES);
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
    });
    this.#http2.on('sessionError', (error) => {
      router.refuse('http2 session error');
      log.warn('local aws: http/2 session ended', { cause: String(error) });
    });
    this.#tcp = createTcpServer((socket) => this.#accept(socket));
    this.#tcp.maxConnections = CONNECTIONS_MAX;
  }

  /** Listens; raises PW-LOCAL-PORT when the port cannot be had or the host is not loopback. */
  static async listen(options: FrontOptions): Promise<Front> {
    const { host, port } = options;
    if (!['127.0.0.1', '::1', 'localhost'].includes(host)) {
      throw new PitwallError('PW-LOCAL-PORT', {
        what: `The local AWS services were to listen on ${host}.`,
        why: 'They are for programs on this machine and listen on loopback addresses only.',
        fix: 'Use 127.0.0.1; cars and people reach MQTT and the screen by --listen.',
      });
    }
    const front = new Front(options);
    await new Promise<void>((resolve, reject) => {
      const fail = (cause: Error) =>
        reject(new PitwallError('PW-LOCAL-PORT', { what: `Port ${port} on ${host} cannot be listened on.`, cause }));
      front.#tcp.once('error', fail);
      front.#tcp.listen(port, host, () => {
        front.#tcp.off('error', fail);
        resolve();
      });
    });
    return front;
  }

  get port(): number {
    return (this.#tcp.address() as AddressInfo).port;
  }

  /** Takes no more connections, lets requests in flight end (bounded), then closes every socket. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
    for (const session of this.#sessions) session.close();
    this.#http1.closeIdleConnections();
    await this.#drain();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    this.#http1.close();
    this.#http2.close();
  }

  async #drain(): Promise<void> {
    const stepMs = 10;
    for (let waitedMs = 0; this.#router.inFlight > 0 && waitedMs < CLOSE_GRACE_MS; waitedMs += stepMs) {
      await new Promise((resolve) => setTimeout(resolve, stepMs));
    }
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.once('close', () => this.#sockets.delete(socket));
    // Resets are the client's business; without a listener they would end this process.
    socket.on('error', () => this.#router.refuse('connection reset'));
    this.#sniff(socket, Buffer.alloc(0));
  }

  /** Reads until the preface is complete or impossible; what was read is put back for the server that takes over. */
  #sniff(socket: Socket, before: Buffer): void {
    const giveUp = () => socket.destroy();
    socket.setTimeout(PREFACE_TIMEOUT_MS, giveUp);
    socket.once('data', (chunk: Buffer) => {
      socket.pause();
      socket.setTimeout(0, giveUp);
      const seen = before.length === 0 ? chunk : Buffer.concat([before, chunk]);
      const length = Math.min(seen.length, HTTP2_PREFACE.length);
      const isHttp2 = seen.subarray(0, length).equals(HTTP2_PREFACE.subarray(0, length));
      if (isHttp2 && seen.length < HTTP2_PREFACE.length) {
        this.#sniff(socket, seen);
        socket.resume();
        return;
      }
      socket.unshift(seen);
      if (isHttp2) {
        // Takes what is buffered by itself, in the next tick; were the socket flowing by then, it would be lost.
        this.#http2.emit('connection', socket);
      } else {
        this.#http1.emit('connection', socket);
        socket.resume();
      }
    });
  }
}
