import { TokenBucket } from '../../token-bucket.js';
import type { OutboxOptions } from './outbox.js';
import type { Router } from './router.js';
import { Session } from './session.js';
import { type KeptSession, SessionStore } from './session-store.js';

export type SessionsOptions = Omit<OutboxOptions, 'account' | 'backlog'> & {
  /** Where persistent sessions outlive the process; without it they end with it. */
  store?: SessionStore;
};

/**
 * The sessions by client id. A persistent one outlives its connection by `sessionExpiryMs` of wall time; there are at most
 * `persistentSessions`, and the one longest gone makes room.
 */
export class Sessions {
  readonly #options: OutboxOptions;
  readonly #store: SessionStore | undefined;
  readonly #router: Router;
  readonly #sessions = new Map<string, Session>();

  constructor(router: Router, { store, ...options }: SessionsOptions) {
    const account = new TokenBucket(options.limits.accountDeliveriesPerSecond, options.raceClock.nowMs());
    this.#options = { ...options, account, backlog: { bytes: 0 } };
    this.#store = store;
    this.#router = router;
  }

  /** Takes up what the process before this one left. Whoever was connected then has been away since now. */
  async restore(): Promise<void> {
    const kept = (await this.#store?.read()) ?? [];
    for (const { clientId, subscriptions, disconnectedAtMs } of kept) {
      const session = this.#new(clientId, false);
      session.disconnectedAtMs = disconnectedAtMs ?? this.#options.wallClock.nowMs();
      for (const [filter, qos] of subscriptions) this.#router.subscribe(session, filter, qos);
    }
    // When all are there: a shared subscription may have chosen one of them.
    for (const session of kept) this.#restoreOwed(session);
    this.#dropExpired();
    for (const session of this.#sessions.values()) this.#store?.keep(session);
  }

  get(clientId: string): Session | undefined {
    return this.#sessions.get(clientId);
  }

  /** The persistent session that a client would resume. */
  persistent(clientId: string): Session | undefined {
    this.#dropExpired();
    const session = this.#sessions.get(clientId);
    return session?.clean ? undefined : session;
  }

  /** The session of a client that connects: the one that waited for it, or a new one. */
  open(clientId: string, clean: boolean): Session {
    const before = this.persistent(clientId);
    if (before && !clean) {
      before.disconnectedAtMs = undefined;
      this.changed(before);
      return before;
    }
    this.drop(clientId);
    if (!clean && this.#sessions.size >= this.#options.limits.persistentSessions) this.#dropLongestGone();
    const session = this.#new(clientId, clean);
    this.changed(session);
    return session;
  }

  /** Its connection ended: a clean session ends too, of another the hour begins. */
  left(session: Session): void {
    if (session.clean) {
      // First its subscriptions, then its messages: none of them may come back to it.
      this.#router.unsubscribeAll(session);
      if (this.#sessions.get(session.clientId) === session) this.#sessions.delete(session.clientId);
    } else {
      session.disconnectedAtMs = this.#options.wallClock.nowMs();
      this.changed(session);
    }
    session.outbox.detach();
    this.#dropExpired();
  }

  /** Its subscriptions are others now, or its client came or went. */
  changed(session: Session): void {
    if (!session.clean && this.#sessions.get(session.clientId) === session) this.#store?.keep(session);
  }

  /** Ends a session, its subscriptions and what it was owed. */
  drop(clientId: string): void {
    const session = this.#sessions.get(clientId);
    if (!session) return;
    this.#router.unsubscribeAll(session);
    this.#sessions.delete(clientId);
    session.outbox.discard();
    if (!session.clean) this.#store?.forget(clientId);
  }

  #new(clientId: string, clean: boolean): Session {
    const session = new Session(clientId, clean, this.#options, clean ? undefined : this.#store?.journal(clientId));
    this.#sessions.set(clientId, session);
    return session;
  }

  #restoreOwed({ clientId, owed }: KeptSession): void {
    const deliveries = owed.map((each) =>
      SessionStore.delivery(each, each.record.group === undefined ? undefined : this.#router.group(each.record.group)),
    );
    this.#sessions.get(clientId)?.outbox.restore(deliveries);
  }

  #dropExpired(): void {
    const { limits, wallClock, counters } = this.#options;
    const oldestMs = wallClock.nowMs() - limits.sessionExpiryMs;
    for (const [id, { disconnectedAtMs }] of this.#sessions) {
      if (disconnectedAtMs === undefined || disconnectedAtMs >= oldestMs) continue;
      this.drop(id);
      counters.count('sessionDrops', 'sessionExpired');
    }
  }

  #dropLongestGone(): void {
    let longestGone: string | undefined;
    let sinceMs = Number.POSITIVE_INFINITY;
    for (const [id, { disconnectedAtMs }] of this.#sessions) {
      if (disconnectedAtMs !== undefined && disconnectedAtMs < sinceMs) {
        longestGone = id;
        sinceMs = disconnectedAtMs;
      }
    }
    if (longestGone === undefined) return;
    this.drop(longestGone);
    this.#options.counters.count('sessionDrops', 'tooManySessions');
  }
}
