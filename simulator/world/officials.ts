import { type Car, isInPits } from './car.js';
import { normal } from './chance.js';
import type { Crews } from './crew.js';
import type { WorldEvent } from './events.js';
import type { PitLane } from './pit-lane.js';
import type { RaceControl } from './race-control.js';
import { Timing } from './timing.js';
import type { Track } from './track.js';

/** Marks on the track at which something happens, in the order in which a car meets them on a lap. */
type Mark = 'pitOut' | 'decide' | 'pitIn' | 'line';

interface Crossing {
  car: Car;
  mark: Mark;
  atMs: number;
}

/**
 * Everything that hangs on a car crossing a mark: timing, flags, the crew's decision, the pit loops. Crossings of one
 * step are gathered, then told in order of time, so that a photo finish is decided by the clock and not by car numbers.
 */
export class Officials {
  readonly #track: Track;
  readonly #laps: number;
  readonly #control: RaceControl;
  readonly #crews: Crews;
  readonly #pitLane: PitLane;
  readonly #emit: (event: WorldEvent) => void;
  readonly #timing = new Timing();
  readonly #crossings: Crossing[] = [];

  constructor(
    track: Track,
    laps: number,
    control: RaceControl,
    crews: Crews,
    pitLane: PitLane,
    emit: (event: WorldEvent) => void,
  ) {
    this.#track = track;
    this.#laps = laps;
    this.#control = control;
    this.#crews = crews;
    this.#pitLane = pitLane;
    this.#emit = emit;
  }

  /** The car went from `fromM` to its present distance between `fromMs` and `toMs`. */
  watch(car: Car, fromM: number, fromMs: number, toMs: number): void {
    if (car.distanceM <= fromM) return;
    this.#note(car, 'line', 0, fromM, fromMs, toMs);
    if (car.lapsDone < 0) return;
    const { decideM, pitInM, pitOutM } = this.#track;
    if (car.pit === 'track') this.#note(car, 'decide', decideM, fromM, fromMs, toMs);
    else if (car.pit === 'entering') this.#note(car, 'pitIn', pitInM, fromM, fromMs, toMs);
    else if (car.pit === 'leaving') this.#note(car, 'pitOut', pitOutM, fromM, fromMs, toMs);
  }

  #note(car: Car, mark: Mark, markM: number, fromM: number, fromMs: number, toMs: number): void {
    const { lengthM } = this.#track;
    const lap = Math.floor((car.distanceM - markM) / lengthM);
    if (lap === Math.floor((fromM - markM) / lengthM)) return;
    const share = (lap * lengthM + markM - fromM) / (car.distanceM - fromM);
    this.#crossings.push({ car, mark, atMs: fromMs + share * (toMs - fromMs) });
  }

  /** Tells what was gathered. */
  settle(): void {
    if (this.#crossings.length === 0) return;
    this.#crossings.sort((a, b) => a.atMs - b.atMs || a.car.index - b.car.index);
    for (const { car, mark, atMs } of this.#crossings) this.#cross(car, mark, atMs);
    this.#crossings.length = 0;
  }

  #cross(car: Car, mark: Mark, atMs: number): void {
    switch (mark) {
      case 'line':
        if (car.status !== 'finished') this.#line(car, atMs);
        return;
      case 'decide':
        if (car.status === 'running' && this.#crews.callsIn(car)) car.pit = 'entering';
        return;
      case 'pitIn':
        this.#pitLane.enter(car, atMs);
        this.#emit(this.#timing.pitLoop(car, 'PI', atMs));
        return;
      case 'pitOut': {
        const stop = this.#pitLane.leave(car, atMs);
        this.#emit(this.#timing.pitLoop(car, 'PO', atMs));
        this.#emit(stop);
      }
    }
  }

  #line(car: Car, atMs: number): void {
    const lap = car.lapsDone + 1;
    const wasOut = this.#control.flag === 'checkered';
    const flag = this.#control.onLine(lap, isInPits(car));
    if (flag === 'green' && this.#timing.greenAtMs === null) this.#timing.greenAtMs = atMs;
    // The start is shown before the crossing that it allows; every other flag because of one.
    if (lap === 0 && flag) this.#emit({ type: 'flag', flag, lap: this.#control.lap, atMs });
    this.#emit(this.#timing.line(car, atMs));
    if (lap > 0) {
      this.#crews.onLap(car);
      car.tyreLaps++;
      car.stintLaps++;
      if (flag) this.#emit({ type: 'flag', flag, lap: this.#control.lap, atMs });
    }
    car.form = 1 + car.field.character.formSpread * normal(car.laps);
    if (wasOut || lap >= this.#laps) {
      car.status = 'finished';
      car.finishMs = atMs;
      this.#pitLane.abandon(car);
    }
  }
}
