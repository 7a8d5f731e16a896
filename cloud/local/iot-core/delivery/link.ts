import type { Duplex } from 'node:stream';
import type { Clock } from '#wire/clock.js';
import type { Connection } from '../connection.js';
import type { Link } from './outbox.js';

/** The socket of a connected client, with its rights and its rate. */
export class ClientLink implements Link {
  readonly #socket: Duplex;
  readonly #connection: Connection;
  readonly #raceClock: Clock;
  #corked = false;

  constructor(socket: Duplex, connection: Connection, raceClock: Clock) {
    this.#socket = socket;
    this.#connection = connection;
    this.#raceClock = raceClock;
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** What is written in one turn of the event loop leaves in one piece: a TLS record each would cost more than the rest. */
  write(packet: Buffer, flushed: () => void): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(packet, flushed);
  }

  mayReceive(topic: string): boolean {
    return this.#connection.mayReceive(topic);
  }

  takeRate(bytes: number): boolean {
    return this.#connection.rate.take(bytes, this.#raceClock.nowMs()) === 0;
  }
}
