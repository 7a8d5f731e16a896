import { describe, expect, test } from 'vitest';
import { Lifecycles } from '#cloud/lifecycles.js';
import { seededRandom } from '#wire/random.js';

const STAGES = ['created', 'assigned', 'completed'] as const;
type Stage = (typeof STAGES)[number];

describe('lifecycles', () => {
  test('times since the first stage, and how many are still on their way', () => {
    const orders = new Lifecycles<Stage>(STAGES);
    orders.observe('a', 'created', 1_000);
    orders.observe('b', 'created', 2_000);
    orders.observe('a', 'assigned', 4_000);
    orders.observe('b', 'assigned', 7_000);
    orders.observe('a', 'completed', 21_000);
    expect(orders.figures()).toEqual({
      stages: {
        created: { reached: 2, meanMs: 0 },
        assigned: { reached: 2, meanMs: 4_000 },
        completed: { reached: 1, meanMs: 20_000 },
      },
      open: 1,
      forgotten: 0,
    });
  });

  test('a stage that is skipped has no time; one of which nothing is known is null', () => {
    const calls = new Lifecycles<Stage>(STAGES);
    calls.observe('a', 'created', 0);
    calls.observe('a', 'completed', 500);
    expect(calls.figures().stages).toMatchObject({
      assigned: { reached: 0, meanMs: null },
      completed: { reached: 1, meanMs: 500 },
    });
  });

  test('only the first word on a stage is news, yet an earlier time corrects', () => {
    const orders = new Lifecycles<Stage>(STAGES);
    orders.observe('a', 'assigned', 9_000);
    expect(orders.observe('a', 'created', 5_000)).toBe(true);
    expect(orders.observe('a', 'created', 5_000)).toBe(false);
    expect(orders.observe('a', 'created', 1_000)).toBe(false);
    expect(orders.figures().stages).toMatchObject({ created: { reached: 1 }, assigned: { reached: 1, meanMs: 8_000 } });
  });

  test('a bound on what is remembered: finished ones go first, and are counted', () => {
    const orders = new Lifecycles<Stage>(STAGES, 2);
    orders.observe('open', 'created', 0);
    orders.observe('done', 'created', 0);
    orders.observe('done', 'completed', 100);
    orders.observe('new', 'created', 50);
    expect(orders.figures()).toMatchObject({
      open: 2,
      forgotten: 1,
      stages: { created: { reached: 3 }, completed: { reached: 1, meanMs: 100 } },
    });
    expect(orders.observe('open', 'created', 0)).toBe(false);
  });

  test.each([1, 7, 42])('any order, any repeats, the same figures, seed %i', (seed) => {
    const random = seededRandom(seed);
    const told = Array.from({ length: 300 }, (_, i) => {
      const fromMs = random() * 1e9;
      return STAGES.slice(0, 1 + Math.floor(random() * 3)).map(
        (stage, k) => [`o${i}`, stage, fromMs + k * random() * 1e6] as const,
      );
    }).flat();
    const fold = (all: readonly (readonly [string, Stage, number])[]) => {
      const orders = new Lifecycles<Stage>(STAGES);
      for (const [id, stage, atMs] of all) orders.observe(id, stage, atMs);
      return orders.figures();
    };
    const shuffled = [...told, ...told.filter(() => random() < 0.3)]
      .map((one) => ({ one, key: random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ one }) => one);
    expect(fold(shuffled)).toEqual(fold(told));
  });
});
