import { describe, expect, it } from 'vitest';
import { Faults, parseFaults } from '#cloud/local/faults.js';

describe('a plan of faults', () => {
  it('is read from text', () => {
    expect(parseFaults('kinesis.PutRecords:partial=0.05, kinesis.*:slow=0.1/200,*:error=1')).toEqual([
      { operation: 'kinesis.PutRecords', kind: 'partial', rate: 0.05, ms: 1_000 },
      { operation: 'kinesis.*', kind: 'slow', rate: 0.1, ms: 200 },
      { operation: '*', kind: 'error', rate: 1, ms: 1_000 },
    ]);
    expect(parseFaults('')).toEqual([]);
  });

  it.each([
    'kinesis.PutRecords',
    'kinesis:error=1',
    'kinesis.PutRecords:explode=1',
    'kinesis.PutRecords:error=2',
    'kinesis.PutRecords:error=0.1.2',
    'kinesis.PutRecords:slow=1/60001',
    'PutRecords:error=1',
    'kinesis.PutRecords:toString=1',
  ])('%j is none', (plan) => expect(() => parseFaults(plan)).toThrow(/is no fault/));

  const seed = 24;
  it(`happens as often as it says, alike for the same seed, whatever other operations do (seed ${seed})`, () => {
    const plan = parseFaults('kinesis.*:error=0.25');
    const draw = (faults: Faults, operation: string) =>
      Array.from({ length: 2_000 }, () => faults.happens(operation, 'error'));
    const [one, two] = [new Faults(plan, seed), new Faults(plan, seed)];
    draw(two, 'kinesis.GetRecords');
    const drawn = draw(one, 'kinesis.PutRecords');
    expect(draw(two, 'kinesis.PutRecords')).toEqual(drawn);
    expect(draw(new Faults(plan, seed + 1), 'kinesis.PutRecords')).not.toEqual(drawn);
    const count = drawn.filter(Boolean).length;
    expect(count / 2_000).toBeCloseTo(0.25, 1);
    expect(one.toJSON()).toEqual({ 'kinesis.PutRecords error': count });
    expect(draw(one, 'dynamodb.GetItem')).not.toContain(true);
    expect(one.happens('kinesis.PutRecords', 'slow')).toBe(false);
  });
});
