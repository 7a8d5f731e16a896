import { describe, expect, test } from 'vitest';
import { type DeliveryOptions, DeliveryTown } from '#simulator/workloads/delivery.js';
import type { OrderEvent } from '#wire/order-events.js';
import { seededRandom } from '#wire/random.js';

const START_MS = 1_000_000;
const options: DeliveryOptions = {
  seed: 7,
  startMs: START_MS,
  ordersPerS: 10,
  capacity: 200,
  phases: [
    { name: 'green', durationS: 100, factor: 1 },
    { name: 'restart', durationS: 100, factor: 3 },
    { name: 'hot key', durationS: 100, factor: 1, hotFactor: 10 },
  ],
};

const all = (changes: Partial<DeliveryOptions> = {}): OrderEvent[] => {
  const town = new DeliveryTown({ ...options, ...changes });
  return town.until(town.endMs);
};

describe('a town that orders', () => {
  test('the same seed gives the same events in whatever portions; another seed others', () => {
    const town = new DeliveryTown(options);
    const random = seededRandom(1);
    const portions: OrderEvent[] = [];
    for (let ms = START_MS; ms <= town.endMs; ms += 1 + random() * 2_000) portions.push(...town.until(ms));
    portions.push(...town.until(town.endMs));
    expect(portions).toEqual(all());
    expect(all({ seed: 8 })).not.toEqual(portions);
  });

  test('events of a zone are numbered without holes in the order of their times', () => {
    const next = new Map<string, { seq: number; atMs: number }>();
    const wrong: OrderEvent[] = [];
    for (const event of all()) {
      const { zone, seq, eventTimeMs: atMs } = event;
      const last = next.get(zone) ?? { seq: 0, atMs: 0 };
      if (seq !== last.seq + 1 || atMs < last.atMs) wrong.push(event);
      next.set(zone, { seq, atMs });
    }
    expect(wrong).toEqual([]);
    expect(next.size).toBe(40);
  });

  test('orders follow the phases, and the hot zone alone has ten times its own', () => {
    const created = all().filter(({ type }) => type === 'created');
    const count = (fromS: number, toS: number, zone?: string) =>
      created.filter(
        (one) =>
          one.eventTimeMs >= START_MS + fromS * 1_000 &&
          one.eventTimeMs < START_MS + toS * 1_000 &&
          (zone === undefined || one.zone === zone),
      ).length;
    const green = count(0, 100);
    expect(green / 1_000).toBeCloseTo(1, 1);
    expect(count(100, 200) / green).toBeCloseTo(3, 0);
    expect(count(200, 300, 'zone-1') / count(0, 100, 'zone-1')).toBeGreaterThan(7);
    expect(count(200, 300, 'zone-2') / count(0, 100, 'zone-2')).toBeLessThan(1.6);
  });

  test('an order is created, assigned and completed in this order; with few couriers it waits longer', () => {
    const responseMs = (events: readonly OrderEvent[]) => {
      const createdMs = new Map<string, number>();
      const waits: number[] = [];
      for (const { type, orderId, eventTimeMs } of events) {
        if (type === 'created') createdMs.set(orderId, eventTimeMs);
        if (type === 'assigned') waits.push(eventTimeMs - createdMs.get(orderId)!);
      }
      return waits.reduce((sum, ms) => sum + ms, 0) / waits.length;
    };
    expect(responseMs(all({ capacity: 10 }))).toBeGreaterThan(3 * responseMs(all()));
  });
});
