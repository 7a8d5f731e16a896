import type { RaceView } from '#cloud/dashboard/view.js';
import type { Clock } from '#wire/clock.js';
import type { RaceInHand } from './race-in-hand.js';
import { SpeedMeter } from './speed-meter.js';
import { raceView } from './view.js';

export interface ViewPublisherOptions {
  raceClock: Clock;
  wallClock: Clock;
  /** How far behind the stream, race ms; undefined when it is live. */
  behindMs(): number | undefined;
  publishView(view: RaceView, epoch: number): void;
}

/** Gives the screen whole views of the race in hand: when called, and with a tick where something is due. */
export class ViewPublisher {
  readonly #race: RaceInHand;
  readonly #options: ViewPublisherOptions;
  readonly #speed: SpeedMeter;

  constructor(race: RaceInHand, options: ViewPublisherOptions) {
    this.#race = race;
    this.#options = options;
    this.#speed = new SpeedMeter(options.raceClock, options.wallClock);
  }

  publish(): void {
    const { core, seat, isTakingOver } = this.#race;
    if (!core.state || !seat?.lease.held() || isTakingOver) return;
    this.#race.isViewDue = false;
    const behindMs = this.#options.behindMs();
    const moment = {
      raceTimeMs: this.#options.raceClock.nowMs(),
      speed: this.#speed.read(),
      ...(behindMs !== undefined && { behindMs }),
    };
    this.#options.publishView(raceView(core.state, core.answer, moment, core.forecast), seat.lease.fence);
  }

  tick(): void {
    if (this.#race.isViewDue) this.publish();
  }
}
