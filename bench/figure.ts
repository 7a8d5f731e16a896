/** One measured figure, as `npm run bench -- --json` prints it. */
export interface Figure {
  name: string;
  unit: string;
  /** The best of the rounds: what the code costs when the machine lets it run. */
  value: number;
  /** (worst − best) ÷ best. */
  spread: number;
  /** The same work done by somebody else's means, in the same process run. */
  peer?: { name: string; value: number };
  /** value ÷ peer's value. */
  ratio?: number;
}

export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

/** Microseconds of one call of `work`, best of the rounds, and the spread over them. */
export function microseconds(work: () => void, calls: number, rounds = 7): { value: number; spread: number } {
  for (let i = 0; i < calls; i++) work();
  const times: number[] = [];
  for (let r = 0; r < rounds; r++) {
    const startMs = performance.now();
    for (let i = 0; i < calls; i++) work();
    times.push(((performance.now() - startMs) * 1000) / calls);
  }
  const best = Math.min(...times);
  return { value: round(best), spread: round((Math.max(...times) - best) / best) };
}
