import { backoffMs } from '../backoff.js';
import type { Clock } from '../wire/clock.js';
import { PitwallError } from '../wire/errors.js';
import type { Log } from '../wire/log.js';
import type { Random } from '../wire/random.js';
import { matchesFilter } from './filter.js';
import type { Link, LinkState, MessageHandler } from './link.js';
import { RefusedFilters } from './refused-filters.js';
import { messageOf, type OpenSession, type Session, within } from './session.js';

export interface ReconnectOptions {
  wallClock: Clock;
  random: Random;
  log: Log;
  /** First wait after a loss, doubled with each failure. Default 1000: AWS IoT takes one CONNECT a second per client. */
  backoffMinMs?: number;
  /** Default 30 000. */
  backoffMaxMs?: number;
  /** A QoS 1 publish without a PUBACK for so long means that the connection is dead or throttled. Default 20 000. */
  pubackTimeoutMs?: number;
}

const DEFAULT_BACKOFF_MIN_MS = 1000;
const DEFAULT_BACKOFF_MAX_MS = 30_000;
const DEFAULT_PUBACK_TIMEOUT_MS = 20_000;
/**
 * A connection must live this long before a loss counts as a new one. A client whose policy refuses a topic is thrown out
 * right after it connected: without this it would connect, be refused and connect again for ever at the shortest wait.
 */
const STABLE_MS = 10_000;
const WATCH_EVERY_MS = 1000;
/** SUBSCRIBE takes at most 8 filters (AWS IoT quota). */
const FILTERS_PER_SUBSCRIBE = 8;
const SUBSCRIBE_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2500;

interface Pending {
  sinceMs: number;
  reject(error: PitwallError): void;
}

/**
 * The part of a link that is the same whatever the client library: state, subscriptions, back-off with jitter, watch over
 * unanswered publishes. Each connection is a new session of the library, so that nothing that was refused is sent again
 * behind the agent's back; the journal alone decides what is sent again.
 */
export class ReconnectingLink implements Link {
  readonly #open: OpenSession;
  readonly #options: Required<ReconnectOptions>;
  readonly #handlers = new Map<string, MessageHandler>();
  readonly #refused: RefusedFilters;
  readonly #pending = new Set<Pending>();
  #listener: (state: LinkState, reason: string) => void = () => {};
  #session: Session | undefined;
  #state: LinkState = 'down';
  #started = false;
  #closed = false;
  /** Failures in a row; the exponent of the back-off. */
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #attempt: Promise<void> = Promise.resolve();
  #disposed: Promise<unknown> = Promise.resolve();

  constructor(open: OpenSession, options: ReconnectOptions) {
    this.#open = open;
    this.#options = {
      backoffMinMs: DEFAULT_BACKOFF_MIN_MS,
      backoffMaxMs: DEFAULT_BACKOFF_MAX_MS,
      pubackTimeoutMs: DEFAULT_PUBACK_TIMEOUT_MS,
      ...options,
    };
    this.#refused = new RefusedFilters(options.wallClock, options.log);
  }

  connect(): void {
    if (this.#started || this.#closed) return;
    this.#started = true;
    this.#attempt = this.#tryOnce();
  }

  onState(listener: (state: LinkState, reason: string) => void): void {
    this.#listener = listener;
  }

  subscribe(filter: string, handler: MessageHandler): void {
    this.#handlers.set(filter, handler);
    if (this.#session) this.#subscribeLater(this.#session, [filter]);
  }

  publish(topic: string, payload: Uint8Array, qos: 0 | 1): Promise<void> {
    if (this.#state !== 'up') return Promise.reject(down('the link is down'));
    const session = this.#session!;
    return new Promise((resolve, reject) => {
      const pending: Pending = { sinceMs: this.#options.wallClock.nowMs(), reject };
      this.#pending.add(pending);
      session.publish(topic, payload, qos).then(
        () => {
          this.#pending.delete(pending);
          resolve();
        },
        (error: unknown) => {
          if (this.#pending.delete(pending)) reject(down(messageOf(error)));
        },
      );
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const session = this.#session;
    this.#goDown('closed');
    if (session) this.#dispose(session);
    // An attempt under way ends by its own time-out, and lets go of what it opened; nobody need wait for that.
    const ended = Promise.all([this.#attempt, this.#disposed]);
    await within(ended, CLOSE_TIMEOUT_MS, () => new Error('still connecting')).catch(() => {});
  }

  async #tryOnce(): Promise<void> {
    let session: Session | undefined;
    let end: (error: PitwallError) => void = () => {};
    const ended = new Promise<never>((_resolve, reject) => {
      end = reject;
    });
    ended.catch(() => {});
    try {
      session = await this.#open({
        onMessage: (topic, payload) => this.#deliver(topic, payload),
        onLost: (reason) => {
          end(new PitwallError('PW-LINK-CONNECT', { what: reason, retriable: true }));
          if (session) this.#lose(session, reason);
        },
      });
      for (const packet of this.#refused.packets([...this.#handlers.keys()], FILTERS_PER_SUBSCRIBE)) {
        await this.#subscribe(session, packet, ended);
      }
      // Also when there was nothing to subscribe to.
      await Promise.race([ended, Promise.resolve()]);
    } catch (error) {
      if (session) this.#dispose(session);
      this.#options.log.warn('link: not connected', { error: messageOf(error), failures: this.#failures + 1 });
      this.#retryLater();
      return;
    }
    if (this.#closed) this.#dispose(session);
    else this.#goUp(session);
  }

  /** Asks for filters; those that the broker refuses are left out. Rejects when the connection ends over it. */
  async #subscribe(session: Session, packet: readonly string[], ended: Promise<never>): Promise<void> {
    const answer = within(session.subscribe(packet), SUBSCRIBE_TIMEOUT_MS, () => subscribeError(packet));
    try {
      this.#refused.answered(packet, await Promise.race([answer, ended]));
    } catch (error) {
      this.#refused.unanswered(packet);
      throw error;
    }
  }

  /** The same on a connection that is up, which ends if there is no answer. */
  #subscribeLater(session: Session, packet: readonly string[]): void {
    const never = new Promise<never>(() => {});
    this.#subscribe(session, packet, never).catch((error: unknown) => this.#lose(session, messageOf(error)));
  }

  #goUp(session: Session): void {
    this.#session = session;
    this.#state = 'up';
    const upMs = this.#options.wallClock.nowMs();
    this.#watch = setInterval(() => {
      const nowMs = this.#options.wallClock.nowMs();
      if (nowMs - upMs >= STABLE_MS) this.#failures = 0;
      for (const filter of this.#refused.takeDue()) this.#subscribeLater(session, [filter]);
      // Insertion order: the first is the oldest.
      const oldest = this.#pending.values().next().value;
      if (oldest && nowMs - oldest.sinceMs > this.#options.pubackTimeoutMs) {
        this.#lose(session, `no PUBACK for ${this.#options.pubackTimeoutMs} ms`);
      }
    }, WATCH_EVERY_MS);
    this.#watch.unref();
    const without = this.#refused.all;
    this.#listener('up', without.length > 0 ? `not subscribed to ${without.join(', ')}` : '');
  }

  #lose(session: Session, reason: string): void {
    if (this.#session !== session) return;
    this.#options.log.warn('link: lost', { reason });
    this.#goDown(reason);
    this.#dispose(session);
    this.#retryLater();
  }

  #goDown(reason: string): void {
    const wasUp = this.#state === 'up';
    this.#session = undefined;
    this.#state = 'down';
    clearInterval(this.#watch);
    for (const pending of this.#pending) pending.reject(down(reason));
    this.#pending.clear();
    if (wasUp) this.#listener('down', reason);
  }

  /** A lost connection is let go of beside the next attempt: that may take a library a second. */
  #dispose(session: Session): void {
    this.#disposed = Promise.all([this.#disposed, session.close()]);
  }

  #retryLater(): void {
    if (this.#closed) return;
    const { backoffMinMs, backoffMaxMs, random } = this.#options;
    const waitMs = backoffMs(this.#failures, { minMs: backoffMinMs, maxMs: backoffMaxMs }, random);
    this.#failures++;
    this.#timer = setTimeout(() => {
      this.#attempt = this.#tryOnce();
    }, waitMs);
  }

  #deliver(topic: string, payload: Uint8Array): void {
    const exact = this.#handlers.get(topic);
    if (exact) {
      exact(topic, payload);
      return;
    }
    for (const [filter, handler] of this.#handlers) if (matchesFilter(filter, topic)) handler(topic, payload);
  }
}

function subscribeError(filters: readonly string[]): PitwallError {
  return new PitwallError('PW-LINK-SUBSCRIBE', {
    what: `No answer to a subscription to ${filters.join(', ')}.`,
    fix: 'Allow iot:Subscribe for these filters in the policy of this certificate.',
    retriable: true,
  });
}

function down(reason: string): PitwallError {
  return new PitwallError('PW-LINK-DOWN', { what: `Not acknowledged: ${reason}.`, retriable: true });
}
