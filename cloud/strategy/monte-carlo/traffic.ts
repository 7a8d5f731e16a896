import { bitsOf, PURPOSE, unitOf } from './draws.js';
import type { RaceScratch } from './scratch.js';
import { PHASE, type RaceStart } from './types.js';

/** A car passed crosses this much later, where the lap would have brought both over the line together. */
const PASSED_S = 0.001;
/** A car of another class that is this much quicker over a lap is let by. */
const OTHER_CLASS = 0.99;

/**
 * When a car that would cross at `freeS` does so: it has to pass whoever is in its way, or stay behind. A pass takes an
 * advantage in lap time; cars that are a lap down, or of a slower class, let it by; who is in the pits is in nobody's way.
 */
export function freeOfTraffic(start: RaceStart, is: RaceScratch, car: number, freeS: number): number {
  const { road, lap, pit } = is;
  const { minGapS, duelS, lappingS } = start.traffic;
  const mayPass = is.phase === PHASE.green;
  const isPitting = pit[car] !== 0;
  let nextS = freeS;
  for (let place = road.size - 1; place >= 0; place--) {
    const other = road.at(place);
    const otherS = road.nextS[other];
    if (nextS >= otherS + minGapS) break;
    if (isPitting || pit[other] !== 0) {
      if (nextS >= otherS) break;
      continue;
    }
    if (mayPass && (lap[other] < lap[car] || isOtherClass(start, is, car, other))) {
      nextS += lappingS;
      continue;
    }
    if (!mayPass || !passes(start, is, car, other)) {
      nextS = otherS + minGapS;
      break;
    }
    nextS += duelS;
    if (nextS > otherS - PASSED_S) nextS = otherS - PASSED_S;
  }
  return nextS;
}

function isOtherClass(start: RaceStart, is: RaceScratch, car: number, other: number): boolean {
  return start.cls[car] !== start.cls[other] && is.freeS[car] < OTHER_CLASS * is.freeS[other];
}

function passes(start: RaceStart, is: RaceScratch, car: number, other: number): boolean {
  const { passHalfS, passScaleS } = start.traffic;
  const gainS = is.freeS[other] - is.freeS[car];
  const chance = 1 / (1 + Math.exp((passHalfS - gainS) / passScaleS));
  return unitOf(bitsOf(is.key, PURPOSE.pass + other, car, is.lap[car])) < chance;
}
