import { Outbox, type OutboxOptions, type OwedJournal } from './outbox.js';

/** What the broker holds for a client id: its subscriptions and what it is to get. A clean one ends with its connection. */
export class Session {
  readonly clientId: string;
  readonly clean: boolean;
  readonly outbox: Outbox;
  /** Granted QoS by filter. */
  readonly subscriptions = new Map<string, 0 | 1>();
  /** Wall ms; undefined while connected. */
  disconnectedAtMs: number | undefined;

  constructor(clientId: string, clean: boolean, options: OutboxOptions, journal?: OwedJournal) {
    this.clientId = clientId;
    this.clean = clean;
    this.outbox = new Outbox(!clean, options, journal);
  }

  /** Whether it keeps messages for a client that is away. */
  get waits(): boolean {
    return !this.clean && !this.outbox.connected;
  }
}
