import { namedRandom, type Random } from '#wire/random.js';
import { between } from '../world/chance.js';
import type { WorldEvent } from '../world/events.js';
import type { FieldCar } from '../world/field.js';
import type { TimingBody } from './agents.js';

/**
 * How long each kind of news takes to the trackside agent, race ms: loops send by themselves, flags are pressed, stops
 * and retirements are typed in. Event times stay exact, and order of arrival is not order of events.
 */
const DELAY_MS: Record<WorldEvent['type'], [least: number, most: number]> = {
  passing: [15, 140],
  flag: [40, 400],
  stop: [600, 2500],
  retirement: [1500, 5000],
};
/** The longest of them: a race is over for the feed this much later than for the cars. */
export const LONGEST_DELAY_MS = 5000;

interface Waiting {
  dueMs: number;
  body: TimingBody;
}

/** Turns what officials see into timing messages, each a little late. */
export class TimingFeed {
  readonly #field: readonly FieldCar[];
  readonly #random: Random;
  /** Ordered by due time. Holds what happened within `LONGEST_DELAY_MS`, a few hundred at most. */
  readonly #waiting: Waiting[] = [];

  constructor(field: readonly FieldCar[], seed: number) {
    this.#field = field;
    this.#random = namedRandom(seed, 'timing arrival');
  }

  /** `epochMs` is the race clock's time at which the world began. */
  take(event: WorldEvent, epochMs: number): void {
    const [least, most] = DELAY_MS[event.type];
    const dueMs = event.atMs + between(this.#random, least, most);
    let at = this.#waiting.length;
    while (at > 0 && this.#waiting[at - 1].dueMs > dueMs) at--;
    this.#waiting.splice(at, 0, { dueMs, body: this.#body(event, epochMs) });
  }

  /** What has arrived by `nowMs` of the world. */
  arrived(nowMs: number): TimingBody[] {
    let count = 0;
    while (count < this.#waiting.length && this.#waiting[count].dueMs <= nowMs) count++;
    return this.#waiting.splice(0, count).map(({ body }) => body);
  }

  #body(event: WorldEvent, epochMs: number): TimingBody {
    const eventTimeMs = Math.round(epochMs + event.atMs);
    switch (event.type) {
      case 'flag':
        return { kind: 'timing', type: 'flag', flag: event.flag, lap: event.lap, eventTimeMs };
      case 'passing': {
        const { transponder, number } = this.#field[event.car];
        const { loop, lap, lapTimeMs, position, elapsedMs } = event;
        return {
          kind: 'timing',
          type: 'passing',
          transponder,
          number: String(number),
          loop,
          lap,
          lapTimeMs: lapTimeMs === null ? null : Math.round(lapTimeMs),
          position,
          elapsedMs: Math.round(elapsedMs),
          eventTimeMs,
        };
      }
      case 'stop':
        return {
          kind: 'timing',
          type: 'stop',
          number: String(this.#field[event.car].number),
          lap: event.lap,
          boxTimeMs: Math.round(event.boxTimeMs),
          laneTimeMs: Math.round(event.laneTimeMs),
          tyresChanged: event.tyresChanged,
          eventTimeMs,
        };
      case 'retirement': {
        const number = String(this.#field[event.car].number);
        return { kind: 'timing', type: 'retirement', number, lap: event.lap, eventTimeMs };
      }
    }
  }
}
