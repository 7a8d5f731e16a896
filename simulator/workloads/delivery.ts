import type { OrderEvent } from '#wire/order-events.js';
import { namedRandom, type Random } from '#wire/random.js';

/** A stretch of the day. */
export interface DeliveryPhase {
  name: string;
  durationS: number;
  /** Orders against those of a normal day. */
  factor: number;
  /** Orders of the first zone against its normal ones, beside `factor`. Default 1. */
  hotFactor?: number;
}

export interface DeliveryOptions {
  seed: number;
  startMs: number;
  /** Partition keys. Default 40. */
  zones?: number;
  /** Orders a second in the whole town at factor 1; each gives three events. */
  ordersPerS: number;
  /** Couriers of each zone: an order waits until one is free. */
  capacity: number;
  phases: readonly DeliveryPhase[];
}

/** As a race's traffic: green flag, caution, a restart at which everybody sends what was held back, one hot key. */
export const RACE_LIKE_PHASES: readonly DeliveryPhase[] = [
  { name: 'green', durationS: 90, factor: 1 },
  { name: 'caution', durationS: 120, factor: 0.3 },
  { name: 'restart', durationS: 390, factor: 3 },
  { name: 'hot key', durationS: 180, factor: 1, hotFactor: 10 },
];

const REGIONS = ['east', 'harbour', 'north', 'old town', 'south', 'station', 'university', 'west'];
const ZONES = 40;
/** Zones are of unequal size: weights between these, before they are made to sum up to one. */
const WEIGHT = [0.4, 1.6] as const;
/** Finding a courier, and the whole tour, mean; ms. */
const DISPATCH_MS = 4_000;
const TOUR_MS = 30_000;
/** Cents: a small order, and what the mean one has on top. */
const AMOUNT_LEAST = 800;
const AMOUNT_MORE = 2_200;

/**
 * A town that orders food: arrivals at random, a courier when one is free, a tour of random length. Same options, same
 * events, in whatever portions time is given.
 *
 * @example
 * const town = new DeliveryTown({ seed: 7, startMs, ordersPerS: 17, capacity: 300, phases: RACE_LIKE_PHASES });
 * const events = town.until(startMs + 250);
 */
export class DeliveryTown {
  readonly endMs: number;
  readonly #zones: Zone[];

  constructor(options: DeliveryOptions) {
    const { seed, startMs, zones = ZONES, phases } = options;
    this.endMs = startMs + 1_000 * phases.reduce((sum, { durationS }) => sum + durationS, 0);
    const random = namedRandom(seed, 'zones');
    const weights = Array.from({ length: zones }, () => WEIGHT[0] + (WEIGHT[1] - WEIGHT[0]) * random());
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    // The hot zone is one of middle size: what makes it hot is what happens, not where.
    weights[0] = total / zones;
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    this.#zones = weights.map((weight, index) => new Zone(index, weight / all, options));
  }

  /** What has happened up to then and was not told before, by event time. */
  until(ms: number): OrderEvent[] {
    // Events have whole milliseconds, and one is told of as a whole.
    const toMs = Math.floor(Math.min(ms, this.endMs));
    return this.#zones.flatMap((zone) => zone.until(toMs)).sort((a, b) => a.eventTimeMs - b.eventTimeMs);
  }
}

interface Stretch {
  fromMs: number;
  toMs: number;
  ordersPerMs: number;
}

class Zone {
  readonly #name: string;
  readonly #region: string;
  readonly #boot: string;
  readonly #random: Random;
  readonly #stretches: Stretch[];
  /** When each courier is free again, ascending. */
  readonly #couriers: number[];
  #arrivalMs: number;
  /** Still to happen, by time. */
  readonly #coming: Omit<OrderEvent, 'seq'>[] = [];
  #orders = 0;
  #seq = 0;

  constructor(index: number, share: number, { seed, startMs, ordersPerS, capacity, phases }: DeliveryOptions) {
    this.#name = `zone-${index + 1}`;
    this.#region = REGIONS[index % REGIONS.length];
    this.#boot = `day-${seed}`;
    this.#random = namedRandom(seed, this.#name);
    this.#couriers = Array.from({ length: capacity }, () => startMs);
    let fromMs = startMs;
    this.#stretches = phases.map(({ durationS, factor, hotFactor = 1 }) => {
      const toMs = fromMs + 1_000 * durationS;
      const stretch = {
        fromMs,
        toMs,
        ordersPerMs: (ordersPerS * share * factor * (index === 0 ? hotFactor : 1)) / 1_000,
      };
      fromMs = toMs;
      return stretch;
    });
    this.#arrivalMs = this.#nextArrival(startMs);
  }

  until(ms: number): OrderEvent[] {
    for (; this.#arrivalMs < ms; this.#arrivalMs = this.#nextArrival(this.#arrivalMs)) this.#order(this.#arrivalMs);
    const happened = this.#coming.splice(0, placeOf(this.#coming, ms));
    return happened.map((event) => ({ ...event, seq: ++this.#seq }));
  }

  #order(createdMs: number): void {
    const readyMs = createdMs + this.#exponential(DISPATCH_MS);
    const assignedMs = Math.max(readyMs, this.#couriers.shift() ?? readyMs);
    const completedMs = assignedMs + this.#exponential(TOUR_MS);
    const later = this.#couriers.findIndex((freeMs) => freeMs > completedMs);
    this.#couriers.splice(later < 0 ? this.#couriers.length : later, 0, completedMs);
    const order = {
      v: 1 as const,
      kind: 'order' as const,
      orderId: `${this.#name}-${++this.#orders}`,
      zone: this.#name,
      region: this.#region,
      boot: this.#boot,
      amountCents: AMOUNT_LEAST + Math.round(this.#exponential(AMOUNT_MORE)),
    };
    this.#comes({ ...order, type: 'created', eventTimeMs: Math.floor(createdMs) });
    this.#comes({ ...order, type: 'assigned', eventTimeMs: Math.floor(assignedMs) });
    this.#comes({ ...order, type: 'completed', eventTimeMs: Math.floor(completedMs) });
  }

  #comes(event: Omit<OrderEvent, 'seq'>): void {
    this.#coming.splice(placeOf(this.#coming, event.eventTimeMs + 1), 0, event);
  }

  /** The rate changes between stretches: what is left of the draw is used up at the next one's rate. */
  #nextArrival(afterMs: number): number {
    let left = this.#exponential(1);
    for (const { fromMs, toMs, ordersPerMs } of this.#stretches) {
      if (toMs <= afterMs) continue;
      const beginMs = Math.max(fromMs, afterMs);
      const most = (toMs - beginMs) * ordersPerMs;
      if (left < most) return beginMs + left / ordersPerMs;
      left -= most;
    }
    return Number.POSITIVE_INFINITY;
  }

  #exponential(mean: number): number {
    return -mean * Math.log(1 - this.#random());
  }
}

/** Of events by time, the first that is not before `ms`. */
function placeOf(events: readonly { eventTimeMs: number }[], ms: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (events[middle].eventTimeMs < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
