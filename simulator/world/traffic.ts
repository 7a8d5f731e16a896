import { type Car, isInTraffic } from './car.js';

/** Nose to nose distances, m. */
const LEAST_GAP_M = 6;
const CLEAR_M = 7;
const LOOK_AHEAD_M = 70;
/** Gap that a driver keeps beside the least one, as time. */
const HEADWAY_RACING_S = 0.12;
const HEADWAY_NEUTRAL_S = 0.2;
/** Near enough to try a pass, s behind. */
const PASS_WITHIN_S = 0.45;
const PASS_TAKES_MS = 20_000;
/** Chance of a try per second: always a little, more for each per cent of speed to spare; a lapped car makes way. */
const TRY_PER_S = 0.02;
const TRY_PER_SPARE_S = 7;
const TRY_LAPPED_PER_S = 0.6;

/**
 * Who is near whom. Cars in traffic form one ring around the track; each follows the next on the road. A car that tries
 * a pass stops caring about the one it passes; a car behind another loses some grip and gains some draft (`driver.ts`).
 */
export class Traffic {
  readonly #cars: Car[];
  readonly #lengthM: number;
  /** Cars in traffic, the one furthest round the lap first. */
  readonly #ring: Car[] = [];

  constructor(cars: Car[], lengthM: number) {
    this.#cars = cars;
    this.#lengthM = lengthM;
  }

  /** Sorts the ring and sets each car's `ahead` and `gapM`. */
  update(): void {
    const ring = this.#ring;
    ring.length = 0;
    for (const car of this.#cars) {
      car.ahead = -1;
      car.gapM = Number.POSITIVE_INFINITY;
      car.yielding = false;
      if (isInTraffic(car)) insert(ring, car);
      else car.passing = -1;
    }
    const count = ring.length;
    for (let i = 0; i < count; i++) this.#look(ring, i, count);
    for (const car of ring) {
      if (car.passing >= 0 && this.#isLapped(this.#cars[car.passing], car)) this.#cars[car.passing].yielding = true;
    }
  }

  #look(ring: Car[], at: number, count: number): void {
    const car = ring[at];
    for (let step = 1; step < count && step <= 3; step++) {
      const other = ring[(at - step + count) % count];
      const gapM = other.trackM - car.trackM + (other.trackM <= car.trackM ? this.#lengthM : 0);
      if (gapM > LOOK_AHEAD_M) return;
      if (other.index === car.passing || other.passing === car.index) continue;
      car.ahead = other.index;
      car.gapM = gapM;
      return;
    }
  }

  /** Greatest acceleration that keeps the car off the one ahead; Infinity when nobody is near. */
  followingAccel(car: Car, isRacing: boolean): number {
    if (car.ahead < 0) return Number.POSITIVE_INFINITY;
    const wantedM = LEAST_GAP_M + (isRacing ? HEADWAY_RACING_S : HEADWAY_NEUTRAL_S) * car.speedMps;
    const closingMps = this.#cars[car.ahead].speedMps - car.speedMps;
    return 1.2 * closingMps + Math.max(-2.5, 0.6 * (car.gapM - wantedM));
  }

  /** Begins and ends tries. `pace` is each car's speed as a factor of the reference, by index. */
  pass(car: Car, pace: Float64Array, nowMs: number, seconds: number): void {
    if (car.passing >= 0) {
      const other = this.#cars[car.passing];
      let leadM = car.trackM - other.trackM;
      if (leadM > this.#lengthM / 2) leadM -= this.#lengthM;
      else if (leadM < -this.#lengthM / 2) leadM += this.#lengthM;
      if (leadM > CLEAR_M || leadM < -3 * CLEAR_M || nowMs > car.passUntilMs) car.passing = -1;
      return;
    }
    if (car.ahead < 0 || car.gapM > PASS_WITHIN_S * car.speedMps) return;
    const other = this.#cars[car.ahead];
    const spare = pace[car.index] - pace[other.index];
    const lapped = this.#isLapped(other, car);
    if (spare <= 0 && !lapped) return;
    const perSecond = lapped ? TRY_LAPPED_PER_S : (TRY_PER_S + TRY_PER_SPARE_S * spare) * car.field.character.nerve;
    if (car.passRandom() < perSecond * seconds) {
      car.passing = other.index;
      car.passUntilMs = nowMs + PASS_TAKES_MS;
    }
  }

  #isLapped(car: Car, by: Car): boolean {
    return by.distanceM - car.distanceM > this.#lengthM / 2;
  }
}

/** Keeps the ring sorted while it is filled; a splice would allocate for each car and step. */
function insert(ring: Car[], car: Car): void {
  let at = ring.length;
  ring.push(car);
  for (; at > 0 && ring[at - 1].trackM < car.trackM; at--) ring[at] = ring[at - 1];
  ring[at] = car;
}
