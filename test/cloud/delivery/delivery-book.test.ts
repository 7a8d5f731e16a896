import { describe, expect, test } from 'vitest';
import { DeliveryBook } from '#cloud/delivery/delivery-book.js';
import { Top } from '#cloud/delivery/top.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { DeliveryTown } from '#simulator/workloads/delivery.js';
import type { OrderEvent } from '#wire/order-events.js';
import { seededRandom } from '#wire/random.js';

const START_MS = 1_000_000;

function recordOf(order: object, partitionKey: string, index = 0): StreamRecord {
  return { sequenceNumber: String(index), partitionKey, data: Buffer.from(JSON.stringify(order)), arrivalMs: 0 };
}

const records = (events: readonly OrderEvent[]) => events.map((event, index) => recordOf(event, event.zone, index));

function town(seed: number, seconds = 120): OrderEvent[] {
  const phases = [{ name: 'day', durationS: seconds, factor: 1 }];
  const made = new DeliveryTown({ seed, startMs: START_MS, ordersPerS: 10, capacity: 20, phases });
  return made.until(made.endMs);
}

const order = (changes: Partial<OrderEvent> = {}): OrderEvent => ({
  v: 1,
  kind: 'order',
  type: 'created',
  orderId: 'o-1',
  zone: 'zone-1',
  region: 'east',
  boot: 'b',
  seq: 1,
  eventTimeMs: 1_000,
  amountCents: 900,
  ...changes,
});

describe('the delivery book', () => {
  test('totals, regions, response and completion times', () => {
    const book = new DeliveryBook();
    book.take(
      records([
        order(),
        order({ seq: 2, orderId: 'o-2', region: 'west', amountCents: 1_500 }),
        order({ seq: 3, type: 'assigned', eventTimeMs: 3_000 }),
        order({ seq: 4, type: 'completed', eventTimeMs: 31_000 }),
      ]),
    );
    expect(book.figures()).toMatchObject({
      orders: {
        stages: {
          created: { reached: 2 },
          assigned: { reached: 1, meanMs: 2_000 },
          completed: { reached: 1, meanMs: 30_000 },
        },
        open: 1,
      },
      amountCents: 2_400,
      regions: { east: { orders: 1, amountCents: 900 }, west: { orders: 1, amountCents: 1_500 } },
      top: [
        { id: 'o-2', region: 'west', worth: 1_500 },
        { id: 'o-1', region: 'east', worth: 900 },
      ],
      events: 4,
      duplicates: 0,
      outOfOrder: 0,
    });
  });

  test('a repeated record is counted as one, a late one as out of order', () => {
    const book = new DeliveryBook();
    expect(book.take(records([order(), order(), order({ seq: 3, orderId: 'o-3' })]))).toHaveLength(2);
    expect(book.take(records([order({ seq: 2, orderId: 'o-2' })]))).toHaveLength(1);
    expect(book.figures()).toMatchObject({ events: 3, duplicates: 1, outOfOrder: 1 });
  });

  test('what cannot be used is counted by reason', () => {
    const book = new DeliveryBook();
    const broken = { ...recordOf({}, 'zone-1'), data: Buffer.from('{') };
    book.take([
      broken,
      recordOf({ kind: 'lap' }, 'zone-1'),
      recordOf(order({ zone: 'zone-2' }), 'zone-1'),
      recordOf(order({ seq: 0 }), 'zone-1'),
      recordOf({ ...order(), amountCents: -1 }, 'zone-1'),
      { ...broken, data: Buffer.from('null') },
    ]);
    expect(book.figures().refused).toEqual({ notJson: 1, unknownKind: 2, wrongKey: 1, badSequence: 1, badField: 1 });
    expect(book.figures().events).toBe(0);
  });

  test.each([1, 7, 42])('any order of arrival and any repeats give the same figures, seed %i', (seed) => {
    const random = seededRandom(seed);
    const events = town(seed);
    const inOrder = new DeliveryBook();
    inOrder.take(records(events));
    const shuffled = [...events, ...events.filter(() => random() < 0.2)]
      .map((event) => ({ event, key: random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ event }) => event);
    const mixed = new DeliveryBook();
    mixed.take(records(shuffled));
    const { duplicates, outOfOrder, ...figures } = mixed.figures();
    expect(inOrder.figures()).toEqual({ ...figures, duplicates: 0, outOfOrder: 0 });
    expect(duplicates).toBe(shuffled.length - events.length);
    expect(outOfOrder).toBeGreaterThan(0);
    const created = events.filter(({ type }) => type === 'created');
    expect(figures.amountCents).toBe(created.reduce((sum, { amountCents }) => sum + amountCents, 0));
  });
});

test.each([1, 7, 42])('the ten greatest of a stream are those of a sort, seed %i', (seed) => {
  const random = seededRandom(seed);
  const things = Array.from({ length: 500 }, (_, i) => ({ id: `t${i}`, worth: Math.floor(random() * 50) }));
  const top = new Top(10);
  for (const thing of things) for (let i = 0; i < 2; i++) top.observe(thing);
  const sorted = [...things].sort((a, b) => b.worth - a.worth || (a.id < b.id ? -1 : 1));
  expect(top.list()).toEqual(sorted.slice(0, 10));
});
