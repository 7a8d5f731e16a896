import { type IoTDataPlaneClient, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import type { RaceState } from '#cloud/race/types.js';
import { backOffMs } from '#cloud/streams/back-off.js';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Flag } from '#wire/messages.js';
import type { Random } from '#wire/random.js';

export interface FlagTellerOptions {
  iotData: IoTDataPlaneClient;
  wallClock: Clock;
  random: Random;
  log: Log;
}

/** Shadow of the agent; `track.flag` in it says when the car may change its configuration. */
const SHADOW = 'agent';
/** Updates under way at once. */
const PARALLEL = 8;
const RETRY = { firstMs: 500, lastMs: 30_000 };

/**
 * Tells the agents what race control shows, by their shadow: a car defers a deployment under green. One update for each car
 * and flag. It is configuration of the agent and nothing that a driver sees, so a series that forbids calls to the car
 * (`pitToCar: 'none'`) does not forbid it. Beside the race's folds: whether a car was told is in no snapshot, and a new
 * owner of the race tells every car once more.
 */
export class FlagTeller {
  readonly #options: FlagTellerOptions;
  /** By thing, what it was told last under the present fence. */
  readonly #told = new Map<string, Flag>();
  #fence = 0;
  #telling: Promise<void> | undefined;
  #failures = 0;
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(options: FlagTellerOptions) {
    this.#options = options;
  }

  /** Tells whom the flag in force is news to. Call it often; it does one round at a time, and waits after a failure. */
  tick(state: RaceState, fence: number): void {
    if (this.#telling || this.#options.wallClock.nowMs() < this.#notBeforeMs) return;
    if (fence !== this.#fence) {
      this.#fence = fence;
      this.#told.clear();
    }
    const { flag } = state;
    const behind = Object.values(state.entries).flatMap(({ roster: { thing } }) =>
      thing && this.#told.get(thing) !== flag ? [thing] : [],
    );
    if (behind.length === 0) return;
    this.#telling = this.#round(behind, flag).finally(() => {
      this.#telling = undefined;
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#telling;
  }

  /** Whom it fails for does not hold up the others. */
  async #round(things: readonly string[], flag: Flag): Promise<void> {
    const { iotData, wallClock, random, log } = this.#options;
    const payload = Buffer.from(JSON.stringify({ state: { desired: { track: { flag } } } }));
    const untold: unknown[] = [];
    for (let from = 0; from < things.length; from += PARALLEL) {
      await Promise.all(
        things.slice(from, from + PARALLEL).map(async (thing) => {
          try {
            await iotData.send(new UpdateThingShadowCommand({ thingName: thing, shadowName: SHADOW, payload }));
            this.#told.set(thing, flag);
          } catch (error) {
            untold.push(error);
          }
        }),
      );
    }
    this.#failures = untold.length === 0 ? 0 : this.#failures + 1;
    if (untold.length === 0) return;
    this.#notBeforeMs = wallClock.nowMs() + backOffMs(this.#failures, RETRY, random);
    log.warn('Not every car could be told the flag; it is tried again.', {
      flag,
      untold: untold.length,
      code: errorCode(untold[0]),
    });
  }
}
