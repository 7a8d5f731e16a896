import type { CallCard, CarRow, RaceView, SamplePoints } from '#cloud/dashboard/view.js';
import { namedRandom, type Random } from '#wire/random.js';

/** Lap of the synthetic track, ms. */
const LAP_MS = 30_000;
const TANK_LAPS = 18;
const LAPS_TOTAL = 60;
/** Points a message: 100 ms at 50 Hz. */
const POINTS = 5;

const FIRST = ['A', 'B', 'C', 'D', 'E', 'J', 'K', 'L', 'M', 'R', 'S', 'T'];
const LAST = [
  'Tarnwick',
  'Ostrava',
  'Quillmoor',
  'Vexley',
  'Brunhalt',
  'Oakmere',
  'Sollinger',
  'Drayvane',
  'Hexham-Roy',
  'Marrowby',
];
const TEAMS = ['Northline', 'Copperfield Works', 'Blue Heron', 'Ridgeway', 'Halcyon'];

interface Car {
  row: CarRow;
  paceMs: number;
  /** Laps driven, with the part of the present one. */
  distance: number;
  lapStartedMs: number;
  fuelLaps: number;
  standsUntilMs: number;
}

/**
 * A race that only has to look like one: 40 cars whose gaps drift, that pass, stop and burn fuel. For the page and the
 * feed; nothing of the product is checked against its numbers. Same seed, same race.
 *
 * @example
 * const race = new SyntheticRace({ seed: 7, cars: 40 });
 * hub.publish(race.advance(100), 1);
 */
export class SyntheticRace {
  readonly view: RaceView;
  readonly #cars: Car[];
  readonly #random: Random;
  readonly #startMs = Date.UTC(2026, 5, 14, 18, 0);
  #logKey = 0;

  constructor(options: { seed: number; cars: number; fromLap?: number }) {
    const random = namedRandom(options.seed, 'synthetic-race');
    this.#random = random;
    this.#cars = Array.from({ length: options.cars }, (_, index) => {
      const number = String(index === 0 ? 24 : 2 + index * 2 + (index % 2));
      const row: CarRow = {
        entry: number,
        number,
        driver: `${FIRST[index % FIRST.length]}. ${LAST[(index * 7) % LAST.length]}`,
        team: TEAMS[index % TEAMS.length],
        thing: `car-${index + 1}`,
        own: index === 0,
        order: index + 1,
        status: 'running',
        laps: 0,
        lapsSinceStop: 0,
        tyreAge: 0,
        stops: 0,
        telemetryAgeMs: 80,
        link: 'up',
      };
      const fuelLaps = TANK_LAPS - random() * 3;
      return {
        row,
        paceMs: LAP_MS + index * 22 + random() * 120,
        distance: -index * 0.006,
        lapStartedMs: 0,
        fuelLaps,
        standsUntilMs: 0,
      };
    });
    this.view = {
      race: 'synthetic-1',
      name: 'Lakeside 300',
      track: 'Lakeside Oval',
      phase: 'running',
      flag: 'green',
      lap: 0,
      lapsTotal: LAPS_TOTAL,
      raceTimeMs: this.#startMs,
      elapsedMs: 0,
      cautions: 0,
      dataMs: this.#startMs,
      speed: 1,
      rows: Object.fromEntries(this.#cars.map(({ row }) => [row.entry, row])),
      calls: {},
      log: {},
    };
    this.note('Green flag');
    for (let ms = 0; ms < (options.fromLap ?? 0) * LAP_MS; ms += 1_000) this.advance(1_000);
  }

  /** Moves the race on and returns its view (the same object each time, as an engine may do). */
  advance(ms: number): RaceView {
    const { view } = this;
    view.raceTimeMs += ms;
    view.dataMs = view.raceTimeMs - 90;
    view.elapsedMs = view.raceTimeMs - this.#startMs;
    for (const car of this.#cars) this.#drive(car, ms);
    const order = [...this.#cars].sort((left, right) => right.distance - left.distance);
    const leader = order[0];
    view.lap = Math.max(0, Math.floor(leader.distance));
    order.forEach((car, index) => {
      const gapLaps = leader.distance - car.distance;
      car.row.order = index + 1;
      setOrDelete(car.row, 'gapMs', index > 0 && gapLaps < 1 ? Math.round(gapLaps * LAP_MS) : undefined);
      setOrDelete(car.row, 'lapsDown', gapLaps >= 1 ? Math.floor(gapLaps) : undefined);
      const ahead = order[index - 1];
      setOrDelete(car.row, 'intervalMs', ahead && Math.round((ahead.distance - car.distance) * LAP_MS));
    });
    return view;
  }

  /** A pit call for the own car, as the engine would show it. */
  call(callId: string, changes: Partial<CallCard> = {}): CallCard {
    const lap = this.view.lap;
    const card: CallCard = {
      callId,
      revision: 1,
      entry: '24',
      number: '24',
      status: 'proposed',
      action: 'pit',
      lapFrom: lap + 1,
      lapTo: lap + 3,
      text: 'Pit now: four tyres, fill',
      reasons: {
        1: `Fuel lasts 3.1 laps (80 %: 2.6 to 3.6); the window closes on lap ${lap + 3}`,
        2: 'Tyres are 15 laps old and cost 0.14 s a lap',
        3: 'Rejoins P9 in clear air, 3.8 s ahead of #17',
      },
      expectedGainMs: 2_430,
      gainLowMs: -380,
      gainHighMs: 5_120,
      expiresAtMs: this.view.raceTimeMs + 62_000,
      ...changes,
    };
    this.view.calls[callId] = card;
    return card;
  }

  note(text: string): void {
    this.view.log[String(this.#logKey++).padStart(6, '0')] = { atMs: this.view.raceTimeMs, lap: this.view.lap, text };
    for (const key of Object.keys(this.view.log).slice(0, -40)) delete this.view.log[key];
  }

  /** The last `ms` of a car's display channels. */
  samples(thing: string): SamplePoints {
    const timesMs = Array.from({ length: POINTS }, (_, index) => this.view.raceTimeMs - (POINTS - index) * 20);
    const phase = timesMs.map((timeMs) => ((timeMs - this.#startMs) / LAP_MS) * 2 * Math.PI);
    const noise = () => (this.#random() - 0.5) * 2;
    const corner = phase.map((angle) => 0.5 + 0.5 * Math.cos(2 * angle));
    return {
      thing,
      timesMs,
      channels: {
        speed: { unit: 'km/h', values: corner.map((straight) => 205 + 92 * straight + noise() * 0.8) },
        rpm: { unit: 'rpm', values: corner.map((straight) => 6_900 + 2_050 * straight + noise() * 25) },
        throttle: {
          unit: '%',
          values: corner.map((straight) => Math.min(100, Math.max(0, 25 + 90 * straight + noise() * 3))),
        },
        brake: { unit: '%', values: corner.map((straight) => Math.max(0, 46 - 190 * straight + noise() * 2)) },
        oilTemperature: { unit: 'Cel', values: corner.map(() => 112 + noise() * 0.3) },
        fuelFlow: { unit: 'kg/h', values: corner.map((straight) => 38 + 60 * straight + noise()) },
      },
    };
  }

  #drive(car: Car, ms: number): void {
    const { row, paceMs } = car;
    if (this.view.raceTimeMs < car.standsUntilMs) return;
    row.status = 'running';
    const lapsBefore = Math.floor(car.distance);
    const wear = row.tyreAge * 14;
    car.distance += ms / (paceMs + wear + (this.#random() - 0.5) * 1_500);
    if (Math.floor(car.distance) === lapsBefore || car.distance < 1) return;
    row.laps = Math.floor(car.distance);
    row.lastLapMs = Math.round(paceMs + wear + (this.#random() - 0.4) * 260);
    row.bestLapMs = Math.min(row.bestLapMs ?? Number.POSITIVE_INFINITY, row.lastLapMs);
    row.lapsSinceStop++;
    row.tyreAge++;
    car.fuelLaps -= 1;
    if (car.fuelLaps < 1 + this.#random()) {
      car.fuelLaps = TANK_LAPS - this.#random();
      car.standsUntilMs = this.view.raceTimeMs + 21_000;
      row.status = 'pit';
      row.stops++;
      row.lapsSinceStop = 0;
      row.tyreAge = 0;
      this.note(`#${row.number} stops: 4 tyres, fuel`);
    }
    const spread = 0.3 + car.fuelLaps * 0.03;
    row.fuelLapsLeft = { low: car.fuelLaps - spread, mean: car.fuelLaps, high: car.fuelLaps + spread };
    const closeLap = row.laps + Math.floor(car.fuelLaps);
    row.pitWindow = { openLap: Math.max(row.laps, closeLap - 5), closeLap, bestLap: closeLap - 2 };
    row.falloffMsPerLap = 12 + this.#random() * 4;
    row.rejoin = { position: Math.min(this.#cars.length, row.order + 12) };
  }
}

function setOrDelete<K extends 'gapMs' | 'lapsDown' | 'intervalMs'>(
  row: CarRow,
  key: K,
  value: number | undefined,
): void {
  if (value === undefined) delete row[key];
  else row[key] = value;
}
