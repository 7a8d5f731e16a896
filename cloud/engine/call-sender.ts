import type { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import type { RaceTrigger } from '#cloud/race/types.js';
import type { Log } from '#wire/log.js';
import { callsToSend, sendCall } from './call-publisher.js';
import type { RaceInHand } from './race-in-hand.js';

export interface CallSenderOptions {
  iotData: IoTDataPlaneClient;
  log: Log;
  /** A call that is sent, for the table of calls. */
  onSent(trigger: RaceTrigger): void;
}

/** Sends accepted calls to their cars, one round at a time; what fails is tried again with a tick. */
export class CallSender {
  sent = 0;
  readonly #race: RaceInHand;
  readonly #options: CallSenderOptions;
  #sending: Promise<void> | undefined;

  constructor(race: RaceInHand, options: CallSenderOptions) {
    this.#race = race;
    this.#options = options;
  }

  /** Also what an earlier try, or an earlier owner, left accepted. */
  async send(): Promise<void> {
    await this.idle();
    this.#sending = this.#round().finally(() => {
      this.#sending = undefined;
    });
    await this.#sending;
  }

  tick(): void {
    const { state } = this.#race.core;
    if (!this.#sending && state && callsToSend(state).length > 0) void this.send();
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#sending) await this.#sending;
  }

  async #round(): Promise<void> {
    const { iotData, log, onSent } = this.#options;
    const { state } = this.#race.core;
    if (!state) return;
    for (const call of callsToSend(state)) {
      if (!this.#race.seat?.lease.held()) return;
      const trigger = await sendCall(iotData, state, call, log);
      if (!trigger) return;
      this.sent++;
      this.#race.isChanged = true;
      onSent(trigger);
      this.#race.isViewDue = true;
    }
  }
}
