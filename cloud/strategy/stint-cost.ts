/** What a stint costs beyond laps on new tyres with an empty tank; closed forms, so that a cost curve is cheap. */

export interface StintCost {
  /** Time lost per lap of tyre age, ms. */
  tyreMsPerLap: number;
  /** Laps after which tyres fall off faster. */
  tyreLifeLaps: number;
  /** Added to the fall-off per lap beyond the life, ms. */
  wornMsPerLap: number;
  msPerKg: number;
  fuelPerLapKg: number;
}

/**
 * Tyres: the laps of age `ageLaps` + 1 … + `laps`, ms. Straight fall-off, steeper beyond the tyre's life.
 *
 * @example
 * tyreCostMs({ tyreMsPerLap: 100, tyreLifeLaps: 30, wornMsPerLap: 0, … }, 0, 3); // 100 + 200 + 300
 */
export function tyreCostMs(cost: StintCost, ageLaps: number, laps: number): number {
  const wornFrom = Math.max(0, ageLaps - cost.tyreLifeLaps);
  const wornTo = Math.max(0, ageLaps + laps - cost.tyreLifeLaps);
  return (
    cost.tyreMsPerLap * (triangle(ageLaps + laps) - triangle(ageLaps)) +
    cost.wornMsPerLap * (triangle(wornTo) - triangle(wornFrom))
  );
}

/** Weight: `laps` laps that begin with so much on board, ms. A lap carries what is on board when it begins. */
export function fuelCostMs(cost: StintCost, onBoardKg: number, laps: number): number {
  return cost.msPerKg * (onBoardKg * laps - cost.fuelPerLapKg * triangle(Math.max(0, laps - 1)));
}

/** 1 + 2 + … + n. */
function triangle(n: number): number {
  return (n * (n + 1)) / 2;
}
