import { describe, expect, it } from 'vitest';
import { apply, diff, type Json, type JsonObject } from '#cloud/dashboard/merge-patch.js';
import { namedRandom, type Random } from '#wire/random.js';

const SEED = 20_260_614;
const RUNS = 400;
const KEYS = ['lap', 'rows', '24', '__proto__', 'constructor', 'toString', 'é'];

function randomJson(random: Random, depth: number, nulls: boolean): Json {
  const kind = Math.floor(random() * (depth > 0 ? 7 : 4));
  if (kind === 0) return nulls ? null : 0;
  if (kind === 1) return random() < 0.5;
  if (kind === 2) return Math.floor(random() * 3);
  if (kind === 3) return ['', 'green', 'yellow'][Math.floor(random() * 3)];
  if (kind === 4) return Array.from({ length: Math.floor(random() * 3) }, () => randomJson(random, depth - 1, nulls));
  return randomObject(random, depth - 1, nulls);
}

function randomObject(random: Random, depth: number, nulls: boolean): JsonObject {
  const entries = KEYS.filter(() => random() < 0.5).map((key): [string, Json] => [
    key,
    randomJson(random, depth, nulls),
  ]);
  return Object.fromEntries(entries);
}

/** Compared as text: keys such as `constructor` and `__proto__` mislead matchers that look at prototypes. */
function canonical(value: Json | undefined): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'absent';
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
}

describe('merge patch', () => {
  // RFC 7386, appendix A; the cases whose target and patch are objects, which is all that a feed sends.
  it.each<[JsonObject, JsonObject, JsonObject]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('RFC 7386 appendix A: %j with %j is %j', (target, patch, result) => {
    expect(apply(target, patch)).toEqual(result);
  });

  it(`applying the difference gives the next value, seed ${SEED}`, () => {
    const random = namedRandom(SEED, 'merge-patch');
    for (let run = 0; run < RUNS; run++) {
      const previous = randomObject(random, 3, false);
      const next = randomObject(random, 3, false);
      const before = JSON.stringify(previous);
      const patch = diff(previous, next);
      const received = JSON.parse(JSON.stringify(patch ?? {}));
      expect(canonical(apply(previous, received))).toBe(canonical(next));
      expect(JSON.stringify(previous)).toBe(before);
      if (patch) expect(diff(next, apply(previous, patch))).toBeUndefined();
    }
  });

  it(`an equal value gives no patch, seed ${SEED}`, () => {
    const random = namedRandom(SEED, 'merge-patch-equal');
    for (let run = 0; run < RUNS; run++) {
      const value = randomObject(random, 3, false);
      expect(diff(value, JSON.parse(JSON.stringify(value)))).toBeUndefined();
    }
  });

  it('is as small as the change', () => {
    const rows = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [String(index), { gapMs: index, laps: 3 }]),
    );
    const next = { ...rows, 7: { gapMs: 99, laps: 3 } };
    expect(diff({ rows }, { rows: next })).toEqual({ rows: { 7: { gapMs: 99 } } });
  });

  it('treats null and undefined as absent on both sides', () => {
    expect(diff({ a: 1, b: null, c: undefined }, { a: null, d: undefined })).toEqual({ a: null });
    expect(diff({ b: null }, {})).toBeUndefined();
    expect(apply(undefined, { a: null, b: { c: null, d: 1 } })).toEqual({ b: { d: 1 } });
  });

  it('shares what did not change', () => {
    const target = { row: { gapMs: 1 }, lap: 1 };
    expect(apply(target, { lap: 2 }).row).toBe(target.row);
  });

  it('never touches the prototype of anything', () => {
    const patch = JSON.parse('{"__proto__": {"polluted": true}, "rows": {"__proto__": {"polluted": true}}}');
    const result = apply({}, patch);
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
