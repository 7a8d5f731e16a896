/** Scores of forecasts. All pure; an empty sample gives NaN, never a perfect score. */

/** Kendall's tau-b of two rankings of the same things; ties share. */
export function kendallTau(a: readonly number[], b: readonly number[]): number {
  let concordant = 0;
  let discordant = 0;
  let tiesA = 0;
  let tiesB = 0;
  for (let i = 0; i < a.length; i++) {
    for (let j = i + 1; j < a.length; j++) {
      const byA = Math.sign(a[i] - a[j]);
      const byB = Math.sign(b[i] - b[j]);
      if (byA === 0 && byB === 0) continue;
      if (byA === 0) tiesA++;
      else if (byB === 0) tiesB++;
      else if (byA === byB) concordant++;
      else discordant++;
    }
  }
  const untied = concordant + discordant;
  return (concordant - discordant) / Math.sqrt((untied + tiesA) * (untied + tiesB));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Place from 1 of each value among all, the smallest first; equal ones in the order given. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => values[a] - values[b] || a - b);
  const places: number[] = [];
  for (const [place, index] of order.entries()) places[index] = place + 1;
  return places;
}

/** A forecast of a yes or no, and what it was. */
export interface Chance {
  p: number;
  happened: boolean;
}

/** Mean squared distance from the outcome (Brier 1950): 0 is perfect, the base rate's is the one to beat. */
export function brier(chances: readonly Chance[]): number {
  return mean(chances.map(({ p, happened }) => (p - Number(happened)) ** 2));
}

/** Chance that a random yes got a greater p than a random no; ties count half. By ranks: O(n log n). */
export function areaUnderCurve(chances: readonly Chance[]): number {
  const sorted = [...chances].sort((a, b) => a.p - b.p);
  let yes = 0;
  let rankSum = 0;
  for (let from = 0; from < sorted.length; ) {
    let to = from;
    while (to < sorted.length && sorted[to].p === sorted[from].p) to++;
    const rank = (from + to + 1) / 2;
    for (let i = from; i < to; i++) {
      if (!sorted[i].happened) continue;
      yes++;
      rankSum += rank;
    }
    from = to;
  }
  const no = sorted.length - yes;
  return (rankSum - (yes * (yes + 1)) / 2) / (yes * no);
}

/** Harmonic mean of precision and recall of "p ≥ threshold". */
export function f1Score(chances: readonly Chance[], threshold: number): number {
  let hits = 0;
  let said = 0;
  let yes = 0;
  for (const { p, happened } of chances) {
    if (happened) yes++;
    if (p < threshold) continue;
    said++;
    if (happened) hits++;
  }
  return (2 * hits) / (said + yes);
}

/** The threshold of the best F1 score on these. */
export function bestThreshold(chances: readonly Chance[]): number {
  const sorted = [...chances].sort((a, b) => b.p - a.p);
  const yes = sorted.filter(({ happened }) => happened).length;
  let best = { score: -1, threshold: 0.5 };
  let hits = 0;
  for (const [index, { p, happened }] of sorted.entries()) {
    if (happened) hits++;
    if (sorted[index + 1]?.p === p) continue;
    const score = (2 * hits) / (index + 1 + yes);
    if (score > best.score) best = { score, threshold: p };
  }
  return best.threshold;
}
