import type { ServiceTimes } from './types.js';

/** Time in the box, seconds, for so many tyres and so much of a full tank (0 … 1). */
export function boxS(times: ServiceTimes, tyres: 0 | 2 | 4, fillShare: number): number {
  const { noTyresS, twoTyresS, fourTyresS, fillS, together } = times;
  const tyresS = tyres === 4 ? fourTyresS : tyres === 2 ? twoTyresS : noTyresS;
  const fuelS = fillS * fillShare;
  return together ? Math.max(tyresS, fuelS) : tyresS + fuelS;
}
