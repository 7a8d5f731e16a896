import { PitwallError } from '../../wire/errors.js';
import { type CanFrame, DATA_BYTES_MAX, ERROR, EXTENDED, FD, REMOTE } from './frame.js';
import type { CanInput, FrameTaker } from './input.js';

/** Loads an optional package by name. Raises where it is not installed. */
export type LoadModule = (name: string) => Promise<unknown>;

/** How often a quiet bus lets what waits go. */
const IDLE_MS = 20;
const CLASSIC_BYTES_MAX = 8;

/** As the package `socketcan` (4.x) gives it. */
interface SocketCanMessage {
  id: number;
  data: Uint8Array;
  ext?: boolean;
  rtr?: boolean;
  err?: boolean;
  ts_sec?: number;
  ts_usec?: number;
}

interface RawChannel {
  addListener(event: 'onMessage', listener: (message: SocketCanMessage) => void): void;
  addListener(event: 'onStopped', listener: () => void): void;
  start(): void;
  stop(): void;
}

interface SocketCanModule {
  createRawChannel(bus: string, timestamps: boolean): RawChannel;
}

/** Frames of an interface of this computer, stamped by the kernel. */
export class SocketCanInput implements CanInput {
  readonly isLive = true;
  readonly #module: SocketCanModule;
  readonly #bus: string;
  #stop: () => void = () => {};

  private constructor(module: SocketCanModule, bus: string) {
    this.#module = module;
    this.#bus = bus;
  }

  /** Undefined: the package is not installed, or not built. */
  static async open(bus: string, load: LoadModule): Promise<SocketCanInput | undefined> {
    let loaded: unknown;
    try {
      loaded = await load('socketcan');
    } catch {
      return undefined;
    }
    const { default: module = loaded } = loaded as { default?: unknown };
    return new SocketCanInput(module as SocketCanModule, bus);
  }

  async read(taker: FrameTaker): Promise<void> {
    let channel: RawChannel;
    try {
      channel = this.#module.createRawChannel(this.#bus, true);
    } catch (cause) {
      const what = `The CAN interface ${this.#bus} cannot be opened.`;
      const fix = `Bring it up: ip link set ${this.#bus} up type can bitrate 500000`;
      throw new PitwallError('PW-SOURCE-INPUT', { what, fix, retriable: true, cause });
    }
    const frame: CanFrame = {
      timeUs: 0,
      bus: this.#bus,
      id: 0,
      flags: 0,
      length: 0,
      data: new Uint8Array(DATA_BYTES_MAX),
    };
    const timer = setInterval(() => taker.idle(), IDLE_MS);
    try {
      await new Promise<void>((resolve) => {
        this.#stop = () => {
          channel.stop();
          resolve();
        };
        channel.addListener('onStopped', resolve);
        channel.addListener('onMessage', (message) => {
          fill(frame, message);
          // A bus does not wait: there is no pace to keep.
          void taker.frame(frame);
        });
        channel.start();
      });
    } finally {
      clearInterval(timer);
      taker.idle();
    }
  }

  stop(): void {
    this.#stop();
  }
}

function fill(frame: CanFrame, { id, data, ext, rtr, err, ts_sec = 0, ts_usec = 0 }: SocketCanMessage): void {
  frame.timeUs = ts_sec * 1_000_000 + ts_usec;
  frame.id = id;
  frame.length = Math.min(data.length, DATA_BYTES_MAX);
  // The package does not tell CAN FD; only that has more than 8 bytes.
  const format = data.length > CLASSIC_BYTES_MAX ? FD : 0;
  frame.flags = (ext ? EXTENDED : 0) | (rtr ? REMOTE : 0) | (err ? ERROR : 0) | format;
  for (let i = 0; i < frame.length; i++) frame.data[i] = data[i];
}
