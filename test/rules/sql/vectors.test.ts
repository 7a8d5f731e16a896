import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { evaluateLine } from '#cli/commands/rules-eval.js';
import { writeJson } from '#rules/sql/json.js';
import type { Value } from '#rules/sql/values.js';
import { seededRandom } from '#wire/random.js';
import { outcomeOf, type Vector } from './vector.js';

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8'));
const vectors: Vector[] = fixture('iot-sql.json');
/** Ids of those that give another result than the first one, which the documentation allows too. */
const throughAlternatives: string[] = fixture('iot-sql.alternatives.json');

const seen = new Set<string>();

describe(`AWS IoT SQL: all of ${vectors.length} documented cases`, () => {
  const needs = { clock: { nowMs: () => 1_763_683_200_123 }, random: seededRandom(1) };

  it.each(vectors)('$id', async (vector) => {
    const answer = await evaluateLine({ ...vector }, needs);
    const outcome = outcomeOf(vector, JSON.parse(writeJson(answer as Value)));
    if (outcome === 'alternative') seen.add(vector.id);
    expect({ answer, outcome }).not.toMatchObject({ outcome: 'different' });
  });

  afterAll(() => expect([...seen].toSorted()).toEqual(throughAlternatives));
});
