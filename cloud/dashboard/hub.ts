import { type Clock, wallClock } from '#wire/clock.js';
import {
  EVERY_THING,
  type FeedEvent,
  type FeedId,
  type FeedSink,
  parseFeedId,
  type SourceStatus,
} from './feed-events.js';
import { apply, diff, type JsonObject } from './merge-patch.js';
import type { RaceView, SamplePoints } from './view.js';

/** Deltas kept for clients that come back: half a minute at ten a second. Who was away longer gets a snapshot. */
const RING_DELTAS = 300;

export interface FeedHubOptions {
  /** Gives the first sequence number (see `FeedHub`). Default: the real wall clock. */
  wallClock?: Clock;
  /** Default `RING_DELTAS`. */
  ringDeltas?: number;
}

export interface Subscription {
  /** `epoch.seq` of the last event that the client has; absent or unusable → a snapshot first. */
  lastEventId?: string;
  /** Whose samples it wants: one thing, `*` for all; absent → none. */
  thing?: string;
}

export interface FeedHubStats {
  subscribers: number;
  /** Numbered deltas made (or relayed). */
  deltas: number;
  /** Snapshots handed to subscribers, of them those for a client that came back too late. */
  snapshots: number;
  tooOld: number;
  /** Clients that came back and got only what they had missed. */
  resumed: number;
  samplesIn: number;
  samplesOut: number;
  /** Relayed events that were refused: a writer with an older fence, or a number seen before. */
  stale: number;
}

type Delta = Extract<FeedEvent, { type: 'delta' }>;

/**
 * The feed of one race: holds the newest view, numbers its changes, keeps the last of them, and hands everything to its
 * subscribers. Two ways in: an engine calls `publish` with whole views; a screen that relays calls `relay` with the events
 * of its engine, whose numbers it keeps, so that a browser can move from one screen to another and resume.
 *
 * Numbers start at the wall time (ms) of the hub's birth: fences count per race, so a page left open over two races would
 * otherwise come back with an id that exists in both.
 *
 * @example
 * const hub = new FeedHub();
 * const stop = hub.subscribe({ thing: 'car-1' }, (event) => {});
 * hub.publish(view, lease.fence);
 */
export class FeedHub {
  readonly #ringDeltas: number;
  readonly #sinks = new Map<FeedSink, Subscription>();
  #ring: Delta[] = [];
  #id: FeedId;
  #view: RaceView | undefined;
  #status: SourceStatus | undefined;
  readonly #counts = { deltas: 0, snapshots: 0, tooOld: 0, resumed: 0, samplesIn: 0, samplesOut: 0, stale: 0 };

  constructor(options: FeedHubOptions = {}) {
    this.#ringDeltas = options.ringDeltas ?? RING_DELTAS;
    this.#id = { epoch: 0, seq: Math.floor((options.wallClock ?? wallClock).nowMs()) };
  }

  /** The newest view, and undefined until there is one. Not to be changed. */
  get view(): RaceView | undefined {
    return this.#view;
  }

  get id(): FeedId {
    return this.#id;
  }

  /** The engine's way in. A view that equals the last one costs nothing and gets no number. */
  publish(view: RaceView, epoch: number): void {
    const next: FeedId = { epoch, seq: this.#id.seq + 1 };
    const current = this.#view;
    if (!current || epoch !== this.#id.epoch || view.race !== current.race) {
      this.#restart(next, view);
      return;
    }
    const patch = diff(asJson(current), asJson(view));
    if (patch) this.#advance({ type: 'delta', id: next, patch });
  }

  /** The relay's way in: an event of an upstream hub, under that hub's number. False: refused, ask for a snapshot. */
  relay(event: FeedEvent): boolean {
    switch (event.type) {
      case 'samples':
        this.samples(event.points);
        return true;
      case 'status':
        this.setStatus(event.status);
        return true;
      case 'snapshot':
        if (this.#view?.race === event.view.race && !isAfter(event.id, this.#id)) {
          this.#counts.stale++;
          return true;
        }
        this.#restart(event.id, event.view);
        return true;
      case 'delta': {
        if (!this.#view || event.id.epoch > this.#id.epoch) return false;
        if (!isAfter(event.id, this.#id)) {
          this.#counts.stale++;
          return true;
        }
        if (event.id.seq !== this.#id.seq + 1) return false;
        this.#advance(event);
        return true;
      }
    }
  }

  /** Newest points of one thing, to whoever looks at it now. */
  samples(points: SamplePoints): void {
    this.#counts.samplesIn++;
    const event: FeedEvent = { type: 'samples', points };
    for (const [sink, { thing }] of this.#sinks) {
      if (thing !== points.thing && thing !== EVERY_THING) continue;
      this.#counts.samplesOut++;
      sink(event);
    }
  }

  /** Whether anybody looks at this thing: who makes points can spare the work. */
  watches(thing: string): boolean {
    for (const subscription of this.#sinks.values()) {
      if (subscription.thing === thing || subscription.thing === EVERY_THING) return true;
    }
    return false;
  }

  /** Kept, and told to every subscriber on change. */
  setStatus(status: SourceStatus): void {
    if (status.state === this.#status?.state && status.reason === this.#status.reason) return;
    this.#status = status;
    this.#send({ type: 'status', status });
  }

  /** Adds a sink: what it missed, or a snapshot, at once; then everything as it comes. Returns how to leave. */
  subscribe(subscription: Subscription, sink: FeedSink): () => void {
    this.#sinks.set(sink, subscription);
    if (this.#status) sink({ type: 'status', status: this.#status });
    const missed = this.#missedSince(subscription.lastEventId);
    if (missed) {
      this.#counts.resumed++;
      for (const delta of missed) sink(delta);
    } else if (this.#view) {
      if (subscription.lastEventId !== undefined) this.#counts.tooOld++;
      this.#counts.snapshots++;
      sink({ type: 'snapshot', id: this.#id, view: this.#view });
    }
    return () => {
      this.#sinks.delete(sink);
    };
  }

  stats(): FeedHubStats {
    return { subscribers: this.#sinks.size, ...this.#counts };
  }

  /** Deltas after the id, or undefined when they cannot be known: another epoch, too old, or from the future. */
  #missedSince(lastEventId: string | undefined): Delta[] | undefined {
    const last = parseFeedId(lastEventId);
    if (!last || !this.#view || last.epoch !== this.#id.epoch) return undefined;
    const missing = this.#id.seq - last.seq;
    if (missing < 0 || missing > this.#ring.length) return undefined;
    return this.#ring.slice(this.#ring.length - missing);
  }

  #restart(id: FeedId, view: RaceView): void {
    this.#ring = [];
    this.#id = id;
    // Applying to nothing makes a copy of our own, without nulls: the publisher may go on using its object.
    this.#view = fromJson(apply(undefined, asJson(view)));
    this.#counts.snapshots += this.#sinks.size;
    this.#send({ type: 'snapshot', id, view: this.#view });
  }

  #advance(delta: Delta): void {
    this.#id = delta.id;
    this.#view = fromJson(apply(asJson(this.#view!), delta.patch));
    this.#ring.push(delta);
    if (this.#ring.length > this.#ringDeltas) this.#ring.shift();
    this.#counts.deltas++;
    this.#send(delta);
  }

  #send(event: FeedEvent): void {
    for (const sink of this.#sinks.keys()) sink(event);
  }
}

function isAfter(id: FeedId, other: FeedId): boolean {
  return id.epoch > other.epoch || (id.epoch === other.epoch && id.seq > other.seq);
}

/** A view is JSON by construction; an interface without index signature only hides it from the compiler. */
function asJson(view: RaceView): JsonObject {
  return view as unknown as JsonObject;
}

function fromJson(json: JsonObject): RaceView {
  return json as unknown as RaceView;
}
