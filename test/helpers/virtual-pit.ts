import type { Link, LinkState, MessageHandler } from '#device/uplink/link.js';
import type { Clock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { decodeFrameHeader } from '#wire/frame.js';
import { formatBoot } from '#wire/identity.js';
import type { AckMessage, Envelope, Family } from '#wire/messages.js';
import type { Random } from '#wire/random.js';
import { RangeSet } from '#wire/ranges.js';
import { familyOfTopic, topics } from '#wire/topics.js';

/** What can go wrong between a car and the reader behind the stream, each as a probability or a switch. */
export interface PitFaults {
  /** A message has its PUBACK and never reaches the reader. */
  vanish: number;
  /** A message reaches the reader twice. */
  duplicate: number;
  /** One way over the air, ms, at least and at most: messages overtake each other. */
  delayMs: readonly [number, number];
  /** Topics, or single payloads, on which the broker closes the connection. */
  refuse: (topic: string, payload: Uint8Array) => boolean;
}

export interface VirtualPitOptions {
  clock: Clock;
  random: Random;
  faults?: Partial<PitFaults>;
}

/** A message as the reader took it, once per identity. */
export interface Read {
  boot: string;
  seq: number;
  family: Family;
  isFrame: boolean;
  lane: string;
  eventTimeMs: number;
  atMs: number;
  bytes: number;
}

const ACK_EVERY_MS = 2000;
const RECONNECT_MS = 1000;

/**
 * Broker, stream and reader in virtual time, without a port: takes what cars publish, removes duplicates by identity, and
 * acknowledges ranges per boot and family every few seconds, as the reducers do.
 */
export class VirtualPit {
  readonly faults: PitFaults;
  readonly reads: Read[] = [];
  /** Copies beyond the first. */
  duplicates = 0;
  /** Connections made and, of these, closed because of what came. */
  connects = 0;
  refusals = 0;
  /** No car can connect. */
  isCut = false;
  readonly clock: Clock;
  readonly #random: Random;
  readonly #links = new Set<VirtualLink>();
  readonly #seen = new Map<
    string,
    { thing: string; boot: string; family: Family; seqs: RangeSet; covered: RangeSet }
  >();

  constructor({ clock, random, faults }: VirtualPitOptions) {
    this.clock = clock;
    this.#random = random;
    this.faults = { vanish: 0, duplicate: 0, delayMs: [20, 80], refuse: () => false, ...faults };
  }

  /** A link of a car to this pit. */
  link(): VirtualLink {
    const link = new VirtualLink(this);
    this.#links.add(link);
    return link;
  }

  /** Every connection ends; while `isCut` none comes back. */
  drop(): void {
    for (const link of this.#links) link.lose();
  }

  /** The reader acknowledges every few seconds, from now on. */
  start(): void {
    setInterval(() => this.#acknowledge(), ACK_EVERY_MS);
  }

  delayMs(): number {
    const [least, most] = this.faults.delayMs;
    return least + this.#random() * (most - least);
  }

  take(topic: string, payload: Uint8Array): void {
    if (this.#random() < this.faults.vanish) return;
    this.#read(topic, payload);
    if (this.#random() < this.faults.duplicate) this.#read(topic, payload);
  }

  #read(topic: string, payload: Uint8Array): void {
    const family = familyOfTopic(topic);
    if (!family) return;
    const isFrame = topic.endsWith('/frames');
    const head = isFrame ? decodeFrameHeader(payload) : (JSON.parse(Buffer.from(payload).toString()) as Envelope);
    const boot = typeof head.boot === 'string' ? head.boot : formatBoot(head.boot);
    const key = `${head.thing} ${boot} ${family}`;
    let seen = this.#seen.get(key);
    if (!seen) {
      seen = { thing: head.thing, boot, family, seqs: new RangeSet(), covered: new RangeSet() };
      this.#seen.set(key, seen);
    }
    seen.covered.add(head.prev + 1, head.seq);
    if (seen.seqs.add(head.seq) === 0) {
      this.duplicates++;
      return;
    }
    const lane = 'lane' in head ? head.lane : 'json';
    const { seq, eventTimeMs } = head;
    this.reads.push({ boot, seq, family, isFrame, lane, eventTimeMs, atMs: this.clock.nowMs(), bytes: payload.length });
  }

  #acknowledge(): void {
    for (const { thing, boot, family, covered } of this.#seen.values()) {
      const ack: AckMessage = { v: 1, kind: 'ack', boot, family, ranges: covered.toJSON() };
      const payload = Buffer.from(JSON.stringify(ack));
      for (const link of this.#links) link.hear(topics.acks(thing), payload);
    }
  }
}

/** A `Link` to a `VirtualPit`; comes back a second after a loss. */
export class VirtualLink implements Link {
  readonly #pit: VirtualPit;
  readonly #handlers = new Map<string, MessageHandler>();
  readonly #pending = new Set<(error: Error) => void>();
  #listener: (state: LinkState, reason: string) => void = () => {};
  #state: LinkState = 'down';
  #isClosed = false;

  constructor(pit: VirtualPit) {
    this.#pit = pit;
  }

  connect(): void {
    setTimeout(() => {
      if (this.#isClosed) return;
      if (this.#pit.isCut) this.connect();
      else this.#goUp();
    }, RECONNECT_MS);
  }

  subscribe(filter: string, handler: MessageHandler): void {
    this.#handlers.set(filter, handler);
  }

  onState(listener: (state: LinkState, reason: string) => void): void {
    this.#listener = listener;
  }

  publish(topic: string, payload: Uint8Array): Promise<void> {
    if (this.#state === 'down') return Promise.reject(down());
    const { faults } = this.#pit;
    const bytes = payload.slice();
    return new Promise((resolve, reject) => {
      this.#pending.add(reject);
      setTimeout(() => {
        // Lost on its way with the connection that carried it.
        if (!this.#pending.has(reject)) return;
        if (faults.refuse(topic, bytes)) {
          this.#pit.refusals++;
          this.lose();
          return;
        }
        this.#pit.take(topic, bytes);
        setTimeout(() => {
          if (this.#pending.delete(reject)) resolve();
        }, this.#pit.delayMs());
      }, this.#pit.delayMs());
    });
  }

  hear(topic: string, payload: Uint8Array): void {
    if (this.#state === 'up') this.#handlers.get(topic)?.(topic, payload);
  }

  lose(): void {
    if (this.#state === 'down') return;
    this.#goDown();
    this.connect();
  }

  /** As when the process dies: nothing more is said to it. */
  abandon(): void {
    this.#isClosed = true;
    this.#state = 'down';
    this.#handlers.clear();
    this.#pending.clear();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#state === 'up') this.#goDown();
  }

  #goUp(): void {
    this.#state = 'up';
    this.#pit.connects++;
    this.#listener('up', '');
  }

  #goDown(): void {
    this.#state = 'down';
    for (const reject of this.#pending) reject(down());
    this.#pending.clear();
    this.#listener('down', 'lost');
  }
}

function down(): PitwallError {
  return new PitwallError('PW-LINK-DOWN', { what: 'Not acknowledged: the link is down.', retriable: true });
}
