import { createReadStream } from 'node:fs';
import { connect, Socket } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import { type BackoffBounds, backoffMs } from '../backoff.js';
import { PitwallError } from '../wire/errors.js';
import type { Random } from '../wire/random.js';

const CONNECT_TIMEOUT_MS = 10_000;
const BACKOFF: BackoffBounds = { minMs: 500, maxMs: 30_000 };

export const tcpConfig = z.strictObject({ host: z.string().min(1), port: z.int().min(1).max(65_535) });

/** Where a source of bytes reads: one of a file, a device (serial port, pipe), a TCP server, or stdin. */
export const byteInputConfig = z.union([
  z.literal('stdin'),
  z.strictObject({ file: z.string().min(1) }),
  z.strictObject({ device: z.string().min(1) }),
  z.strictObject({ tcp: tcpConfig }),
]);
export type ByteInputConfig = z.infer<typeof byteInputConfig>;

export interface ByteInputOptions {
  /** Relative paths start here. */
  dir: string;
  stdin?: NodeJS.ReadableStream | undefined;
  random: Random;
  onBytes: (bytes: Uint8Array) => void;
  /** Bytes follow, on a fresh connection. `write` sends to a TCP server, and is nothing elsewhere. */
  onOpen?: (write: (text: string) => void) => void;
  /** A file or stdin is at its end. */
  onEnd: () => void;
  /** The input was lost, once for each time it was there (or was first tried); it is tried again, a file is not. */
  onLost: (error: Error) => void;
  /** A TCP server that sends nothing for so long is given up and connected again. */
  silentAfterMs?: number;
  backoff?: BackoffBounds;
}

type Input = NodeJS.ReadableStream & { destroy?: () => unknown };

/**
 * Bytes from a file, a device, a TCP server or stdin. A device or server that is lost is opened again with back-off and
 * jitter until `stop`.
 */
export class ByteInput {
  readonly #config: ByteInputConfig;
  readonly #options: ByteInputOptions;
  /** Attempts to open it again that failed in a row, and opened ones that were lost. */
  reconnects = 0;
  #failures = 0;
  #lostTold = false;
  #stream: Input | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(config: ByteInputConfig, options: ByteInputOptions) {
    this.#config = config;
    this.#options = options;
  }

  start(): void {
    this.#open();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#release(this.#stream);
  }

  #open(): void {
    let over = false;
    let input: Input | undefined;
    const finish = (error?: Error): void => {
      if (over || this.#stopped) return;
      over = true;
      this.#release(input);
      const isFinal = this.#config === 'stdin' || 'file' in this.#config;
      if (!error && isFinal) this.#options.onEnd();
      else this.#lost(error ?? new Error('closed by the other end'), isFinal);
    };
    const opened = (): void => {
      if (over || this.#stopped) return;
      this.#options.onOpen?.((text) => {
        if (input instanceof Socket) input.write(text);
      });
    };
    input = this.#connect(opened, finish);
    this.#stream = input;
    input?.on('data', (bytes: string | Uint8Array) => {
      if (over || this.#stopped) return;
      // Only bytes show that the other end is well: a server that accepts and closes must not be hammered.
      this.#failures = 0;
      this.#lostTold = false;
      this.#options.onBytes(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
    });
    input?.on('error', finish);
    input?.on('end', () => finish());
    input?.on('close', () => finish());
  }

  #connect(opened: () => void, finish: (error: Error) => void): Input | undefined {
    const { dir, stdin, silentAfterMs } = this.#options;
    const config = this.#config;
    if (config === 'stdin') {
      if (stdin) opened();
      else finish(new Error('this process gives none'));
      return stdin;
    }
    if ('tcp' in config) {
      const socket = connect({ ...config.tcp, keepAlive: true, noDelay: true });
      socket.setTimeout(CONNECT_TIMEOUT_MS, () => finish(new Error('nothing came in time')));
      socket.on('connect', () => {
        socket.setTimeout(silentAfterMs ?? 0);
        opened();
      });
      return socket;
    }
    const stream = createReadStream(resolve(dir, 'file' in config ? config.file : config.device));
    stream.on('open', opened);
    return stream;
  }

  /** stdin belongs to the process: it is left, not closed. */
  #release(input: Input | undefined): void {
    if (this.#config === 'stdin') input?.removeAllListeners('data').pause();
    else input?.destroy?.();
  }

  #lost(cause: Error, isFinal: boolean): void {
    const { onLost, random, backoff = BACKOFF } = this.#options;
    if (!this.#lostTold) {
      this.#lostTold = true;
      const where = JSON.stringify(this.#config);
      const what = `The input ${where} was lost: ${cause.message}.`;
      onLost(new PitwallError('PW-SOURCE-INPUT', { what, retriable: !isFinal, cause }));
    }
    if (isFinal) return;
    this.reconnects++;
    this.#timer = setTimeout(() => this.#open(), backoffMs(this.#failures++, backoff, random));
  }
}
