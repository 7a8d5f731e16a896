/** A documented case (its `source` names the page), in the words of `pitwall rules eval`. */
export interface Vector {
  id: string;
  sql: string;
  topic: string;
  payload: unknown;
  template?: string;
  context?: object;
  expected: unknown;
  alternatives?: unknown[];
  /** Relative, of numbers. */
  tolerance?: number;
}

/** What an answer is to a case. */
export function outcomeOf(
  { template, expected, alternatives = [], tolerance = 0 }: Vector,
  answer: { result?: unknown; text?: string },
): 'expected' | 'alternative' | 'different' {
  const got = template === undefined ? answer.result : answer.text;
  if (same(got, expected, tolerance)) return 'expected';
  return alternatives.some((each) => same(got, each, tolerance)) ? 'alternative' : 'different';
}

/** Numbers by value, within the tolerance; everything else exactly. */
function same(got: unknown, want: unknown, tolerance: number): boolean {
  if (typeof got === 'number' && typeof want === 'number') return Math.abs(got - want) <= tolerance * Math.abs(want);
  if (typeof got !== 'object' || typeof want !== 'object' || got === null || want === null) return got === want;
  const keys = Object.keys(got) as (keyof typeof got)[];
  return (
    Array.isArray(got) === Array.isArray(want) &&
    keys.length === Object.keys(want).length &&
    keys.every((key) => key in want && same(got[key], want[key], tolerance))
  );
}
