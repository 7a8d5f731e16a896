import type { OutboxOptions } from './outbox.js';
import type { Router } from './router.js';
import { Session } from './session.js';

/**
 * The sessions by client id. A persistent one outlives its connection by `sessionExpiryMs` of wall time; there are at most
 * `persistentSessions`, and the one longest gone makes room. In memory: after a restart agents subscribe anew.
 */
export class Sessions {
  readonly #options: OutboxOptions;
  readonly #router: Router;
  readonly #sessions = new Map<string, Session>();

  constructor(router: Router, options: OutboxOptions) {
    this.#router = router;
    this.#options = options;
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
      return before;
    }
    this.drop(clientId);
    if (!clean && this.#sessions.size >= this.#options.limits.persistentSessions) this.#dropLongestGone();
    const session = new Session(clientId, clean, this.#options);
    this.#sessions.set(clientId, session);
    return session;
  }

  /** Its connection ended: a clean session ends too, of another the hour begins. */
  left(session: Session): void {
    if (session.clean) {
      // First its subscriptions, then its messages: none of them may come back to it.
      this.#router.unsubscribeAll(session);
      if (this.#sessions.get(session.clientId) === session) this.#sessions.delete(session.clientId);
    } else session.disconnectedAtMs = this.#options.wallClock.nowMs();
    session.outbox.detach();
    this.#dropExpired();
  }

  /** Ends a session, its subscriptions and what it was owed. */
  drop(clientId: string): void {
    const session = this.#sessions.get(clientId);
    if (!session) return;
    this.#router.unsubscribeAll(session);
    this.#sessions.delete(clientId);
    session.outbox.detach();
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
