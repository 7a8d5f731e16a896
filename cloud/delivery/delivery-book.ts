import { type LifecycleFigures, Lifecycles } from '#cloud/lifecycles.js';
import { Seen } from '#cloud/streams/seen.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import type { OrderEvent } from '#wire/order-events.js';
import { parseOrder, type RefusedOrder } from './order-record.js';
import { type Ranked, Top } from './top.js';

export interface RegionFigures {
  orders: number;
  amountCents: number;
}

export interface TopOrder extends Ranked {
  region: string;
}

export interface DeliveryFigures {
  orders: LifecycleFigures<OrderEvent['type']>;
  amountCents: number;
  /** By name. */
  regions: Record<string, RegionFigures>;
  /** Dearest orders first; worth in cents. */
  top: TopOrder[];
  /** Unique events. */
  events: number;
  duplicates: number;
  /** Events that came after a later one of their zone. */
  outOfOrder: number;
  refused: Partial<Record<RefusedOrder, number>>;
}

const TOP_SIZE = 10;

/**
 * What is known of a town's orders: totals, counts per region, mean response time (created → assigned) and completion time
 * (created → completed), the ten dearest orders. The same whatever the order of arrival, and however often an event comes.
 *
 * @example
 * const book = new DeliveryBook();
 * startConsumer({ source, onRecords: async ({ records }) => void book.take(records), … });
 */
export class DeliveryBook {
  readonly #seen = new Seen();
  readonly #orders = new Lifecycles<OrderEvent['type']>(['created', 'assigned', 'completed']);
  readonly #regions = new Map<string, RegionFigures>();
  readonly #top = new Top<TopOrder>(TOP_SIZE);
  /** Greatest number seen of each zone and boot. */
  readonly #newest = new Map<string, number>();
  readonly #refused: Partial<Record<RefusedOrder, number>> = {};
  #amountCents = 0;
  #events = 0;
  #duplicates = 0;
  #outOfOrder = 0;

  /** Takes a batch in; returns the events that were news. */
  take(records: readonly StreamRecord[]): OrderEvent[] {
    const news: OrderEvent[] = [];
    for (const record of records) {
      const order = parseOrder(record);
      if (typeof order === 'string') this.#refused[order] = (this.#refused[order] ?? 0) + 1;
      else if (this.#seen.mark(order.zone, order.boot, order.seq - 1, order.seq)) news.push(order);
      else this.#duplicates++;
    }
    for (const order of news) this.#fold(order);
    return news;
  }

  figures(): DeliveryFigures {
    return {
      orders: this.#orders.figures(),
      amountCents: this.#amountCents,
      regions: Object.fromEntries([...this.#regions].sort(([a], [b]) => (a < b ? -1 : 1))),
      top: this.#top.list(),
      events: this.#events,
      duplicates: this.#duplicates,
      outOfOrder: this.#outOfOrder,
      refused: { ...this.#refused },
    };
  }

  #fold({ type, orderId, zone, region, boot, seq, eventTimeMs, amountCents }: OrderEvent): void {
    this.#events++;
    const source = `${zone} ${boot}`;
    const newest = this.#newest.get(source) ?? 0;
    if (seq < newest) this.#outOfOrder++;
    else this.#newest.set(source, seq);
    const isFirst = this.#orders.observe(orderId, type, eventTimeMs);
    if (type !== 'created' || !isFirst) return;
    const known = this.#regions.get(region) ?? { orders: 0, amountCents: 0 };
    this.#regions.set(region, { orders: known.orders + 1, amountCents: known.amountCents + amountCents });
    this.#amountCents += amountCents;
    this.#top.observe({ id: orderId, region, worth: amountCents });
  }
}
