import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decideRequest } from '#certs/policy/request.js';

interface Vector {
  id: string;
  title: string;
  policies: unknown[];
  context: object;
  action: string;
  resource: string;
  expect: string;
}

const { baseContext, count, vectors } = JSON.parse(
  readFileSync(new URL('../../fixtures/policy.json', import.meta.url), 'utf8'),
) as { baseContext: object; count: number; vectors: Vector[] };

describe('decisions of the vectors', () => {
  it('are all there', () => {
    expect(vectors).toHaveLength(count);
  });

  it.each(vectors)('$id $title: $expect', ({ policies, context, action, resource, expect: wanted }) => {
    const { decision, statement } = decideRequest({
      policies,
      context: { ...baseContext, ...context },
      action,
      resource,
    });
    expect(decision).toBe(wanted);
    expect(statement === undefined).toBe(wanted === 'implicitDeny');
  });
});
