import { isRacing } from '#cloud/race/laps.js';
import { known } from './known.js';
import type { CarReading, Reading } from './reading.js';
import { type Arrival, completesMs } from './rivals.js';
import { serviceLossMs, servicesOf } from './service.js';
import type { Neighbour, PitNowAnswer, RejoinAnswer, Service } from './types.js';
import { pitLossDoubts } from './window-answer.js';

/** Cars so little ahead on the road, and slower, are in the way. */
const TRAFFIC_MS = 3_000;

/**
 * Group 4 as it stands: the car stops at the end of the lap under way, everybody else stays out and goes on at his pace
 * (under yellow: at the speed of the caution). Source: crossings, pace and pit loss. What may happen besides is in the forecast.
 *
 * Null for a car that has not crossed the line yet.
 */
export function pitNow(reading: Reading, car: CarReading, field: readonly Arrival[]): PitNowAnswer | null {
  if (!car.racing || field.every(({ key }) => key !== car.key)) return null;
  const { state, tyres } = reading;
  const answer: PitNowAnswer = {
    known: known(state.lastEventMs, 'model', 0.9, [...reading.doubts(car), ...pitLossDoubts(reading)]),
    lossMs: {},
    rejoin: {},
  };
  for (const service of servicesOf(tyres.refuels)) {
    const lossMs = lossOf(reading, car, service);
    const placed = rejoin(field, car.key, lossMs);
    if (placed === null) return null;
    answer.lossMs[service] = lossMs;
    answer.rejoin[service] = placed;
  }
  return answer;
}

/** What a stop at the end of this lap costs, with fuel to the end, or a full tank. */
function lossOf({ state, pitLoss, racing }: Reading, { fuel, toGo }: CarReading, service: Service): number {
  const { tankKg } = state.session.car;
  const toAddKg = Math.max(0, Math.min(tankKg, toGo * fuel.perLap.high) - fuel.leftKg.mean);
  const usualMs = isRacing(state.flag) ? pitLoss.green.mean : pitLoss.yellow.mean;
  return serviceLossMs(racing.service, usualMs, service, tankKg > 0 ? toAddKg / tankKg : 0);
}

/**
 * Place and neighbours at the end of the out-lap: the times at which each completes that lap are compared. A car whose stop is
 * under way makes no other one: where it comes out. Null for a car without a crossing.
 */
export function rejoin(field: readonly Arrival[], key: string, lossMs: number): RejoinAnswer | null {
  const own = field.find((arrival) => arrival.key === key);
  if (own === undefined) return null;
  const lap = own.lap + 2;
  const ownMs = own.atMs + 2 * own.lapMs + own.delayMs + (own.stopping ? 0 : lossMs);
  let position = 1;
  let traffic = 0;
  let leaderMs = ownMs;
  let leader = own;
  let ahead: Neighbour | null = null;
  let behind: Neighbour | null = null;
  for (const rival of field) {
    if (rival === own) continue;
    const gapMs = ownMs - completesMs(rival, lap);
    if (gapMs >= 0) {
      position++;
      if (ahead === null || gapMs < ahead.gapMs) ahead = neighbour(rival, gapMs, lap);
      if (ownMs - gapMs < leaderMs) {
        leaderMs = ownMs - gapMs;
        leader = rival;
      }
    } else if (behind === null || -gapMs < behind.gapMs) behind = neighbour(rival, -gapMs, lap);
    if (rival.lapMs > own.lapMs && onRoadMs(gapMs, rival.lapMs) <= TRAFFIC_MS) traffic++;
  }
  const lapsDown = Math.max(0, Math.floor((ownMs - leaderMs) / leader.lapMs));
  return { position, ahead, behind, traffic, lapsDown };
}

/** Tyres as they will be when the lap is done. */
function neighbour({ key, entry }: Arrival, gapMs: number, lap: number): Neighbour {
  return { entry: key, gapMs, tyreAgeLaps: Math.max(0, lap - entry.tyresFromLap) };
}

/** How far in front of us on the road a car is that completed, or will complete, the same lap so much before: laps taken off. */
function onRoadMs(gapMs: number, lapMs: number): number {
  return ((gapMs % lapMs) + lapMs) % lapMs;
}
