import type { Delivery } from '../journal/cursor.js';
import type { Clock } from '../wire/clock.js';

/** A connection that ends sooner than this with something in flight may have been ended because of it. */
const SUSPICIOUS_WITHIN_MS = 10_000;
/** So many such connections in a row, and records go one at a time. */
const SUSPICIONS_BEFORE_CAUTION = 2;
/** So many connections that end on the same topic with a record alone in flight, and the last one is taken for the cause. */
const BLAMES_MAX = 2;
/** So many PUBACKs one at a time, and all is well again. */
const ANSWERS_TO_TRUST = 100;

/**
 * AWS IoT answers a publish that the policy refuses by closing the connection, without saying which (MQTT 3.1.1 has no
 * word for it). A record that is refused would be sent again after each reconnect and close every connection. This finds
 * it: after a few suspicious ends records go one at a time, and the one that ends it alone, repeatedly, is handed out to
 * be set aside. A bad radio link can look the same; being set aside is a delay, never a loss.
 */
export class RefusalGuard {
  readonly #clock: Clock;
  /** And on which topic. */
  readonly #inFlight = new Map<Delivery, string>();
  #upMs = 0;
  #suspicions = 0;
  #answers = 0;
  /** The topic on which a connection ended, with one record alone in flight. */
  #suspect: string | undefined;
  #blames = 0;
  /** Sent alone to see whether the broker takes it now. */
  #probe: Delivery | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Records must go one at a time, oldest first. */
  get cautious(): boolean {
    return this.#probe !== undefined || this.#suspicions >= SUSPICIONS_BEFORE_CAUTION;
  }

  /** From now on records go one at a time, until this one is answered; if the connection ends on it alone, it is the cause. */
  watch(probe: Delivery): void {
    this.#probe = probe;
  }

  connected(): void {
    this.#upMs = this.#clock.nowMs();
    this.#answers = 0;
    this.#inFlight.clear();
  }

  published(delivery: Delivery, topic: string): void {
    this.#inFlight.set(delivery, topic);
  }

  answered(delivery: Delivery): void {
    if (this.#inFlight.get(delivery) === this.#suspect) this.#suspect = undefined;
    this.#inFlight.delete(delivery);
    if (delivery === this.#probe) this.#probe = undefined;
    this.#answers++;
    if (this.#answers >= ANSWERS_TO_TRUST || this.#clock.nowMs() - this.#upMs >= SUSPICIOUS_WITHIN_MS) {
      this.#suspicions = 0;
    }
  }

  /** The connection ended; returns the record that is to be set aside, if one stands out. */
  lost(): { delivery: Delivery; topic: string } | undefined {
    const [alone] = this.#inFlight.size === 1 ? this.#inFlight : [];
    const probe = this.#probe;
    this.#probe = undefined;
    if (probe && alone?.[0] === probe) return { delivery: probe, topic: alone[1] };
    const early = this.#clock.nowMs() - this.#upMs < SUSPICIOUS_WITHIN_MS;
    if (!early || this.#inFlight.size === 0) {
      this.#suspicions = 0;
      return undefined;
    }
    const wasCautious = this.cautious;
    this.#suspicions++;
    if (!wasCautious || !alone) return undefined;
    const [delivery, topic] = alone;
    this.#blames = topic === this.#suspect ? this.#blames + 1 : 1;
    this.#suspect = topic;
    if (this.#blames < BLAMES_MAX) return undefined;
    this.#suspect = undefined;
    return { delivery, topic };
  }
}
