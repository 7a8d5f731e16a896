import { median, robustSd } from '#cloud/strategy/stats.js';

/** A straight line through the stints of a car or a field: one slope, each stint at its own level. */
export interface Trend {
  /** Change per unit of x. */
  slope: number;
  /** One standard deviation of `slope`, from the spread about the line; 0 is never claimed. */
  slopeSd: number;
  /** Robust standard deviation about the line. */
  residualSd: number;
  points: number;
  groups: number;
}

export interface Point {
  x: number;
  y: number;
}

/** Fewer points in a stint tell noise. */
const POINTS_MIN = 4;
/** A spread that came out as nothing is an accident of few points. */
const RESIDUAL_SD_MIN = 1e-9;

/** Points farther off the first line, in its standard deviations, are traffic or mistakes: the second line is without them. */
const FAR_SD = 3;

/**
 * Theil–Sen within groups: the median of the slopes of all pairs, each weighted by its distance in x; then once more without
 * the points that are far off. A third of the laps may be traffic and it says the same. Null when no group has `POINTS_MIN`
 * points.
 *
 * @example trendWithin([[{ x: 1, y: 30.0 }, { x: 2, y: 30.1 }, { x: 3, y: 30.2 }, { x: 4, y: 30.3 }]])?.slope // 0.1
 */
export function trendWithin(groups: readonly (readonly Point[])[]): Trend | null {
  const first = lineThrough(groups);
  if (first === null) return null;
  const { trend, residuals } = first;
  const near = first.groups.map((points, i) =>
    points.filter((_, j) => Math.abs(residuals[i][j]) <= FAR_SD * trend.residualSd),
  );
  return lineThrough(near)?.trend ?? trend;
}

interface Line {
  trend: Trend;
  groups: readonly (readonly Point[])[];
  /** As the groups' points. */
  residuals: readonly (readonly number[])[];
}

function lineThrough(groups: readonly (readonly Point[])[]): Line | null {
  const used = groups.filter(({ length }) => length >= POINTS_MIN);
  const slope = weightedMedian(used.flatMap(pairSlopes));
  if (slope === null) return null;
  let sumXx = 0;
  const residuals = used.map((points) => {
    const level = median(points.map(({ x, y }) => y - slope * x))!;
    const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
    for (const { x } of points) sumXx += (x - meanX) ** 2;
    return points.map(({ x, y }) => y - slope * x - level);
  });
  const all = residuals.flat();
  const residualSd = Math.max(robustSd(all)!, RESIDUAL_SD_MIN);
  const slopeSd = residualSd / Math.sqrt(sumXx);
  return { trend: { slope, slopeSd, residualSd, points: all.length, groups: used.length }, groups: used, residuals };
}

interface Weighted {
  value: number;
  weight: number;
}

function pairSlopes(points: readonly Point[]): Weighted[] {
  const slopes: Weighted[] = [];
  for (let i = 0; i < points.length; i++) {
    for (let j = i + 1; j < points.length; j++) {
      const distance = points[j].x - points[i].x;
      if (distance !== 0) {
        slopes.push({ value: (points[j].y - points[i].y) / distance, weight: Math.abs(distance) });
      }
    }
  }
  return slopes;
}

function weightedMedian(values: Weighted[]): number | null {
  values.sort((a, b) => a.value - b.value);
  const half = values.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let below = 0;
  for (let i = 0; i < values.length; i++) {
    below += values[i].weight;
    // At exactly a half the median lies between this and the next.
    if (below === half && i + 1 < values.length) return (values[i].value + values[i + 1].value) / 2;
    if (below >= half) return values[i].value;
  }
  return null;
}
