import type { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import type { CallState, RaceState } from '#cloud/race/types.js';
import type { Log } from '#wire/log.js';
import { callsToSend, publishCall } from './call-publisher.js';
import type { EngineVoice } from './engine-voice.js';
import type { RaceInHand } from './race-in-hand.js';

export interface CallSenderOptions {
  iotData: IoTDataPlaneClient;
  voice: EngineVoice;
  log: Log;
}

/**
 * Sends accepted calls to their cars, beside the folds: that a call went is a record of the stream (`callSent`), and only
 * its fold moves the call on. An owner that died between both leaves it accepted, and the next one sends it again.
 */
export class CallSender {
  sent = 0;
  readonly #race: RaceInHand;
  readonly #options: CallSenderOptions;
  /** Sent under the present fence, by id and revision; their records are on the way. */
  readonly #told = new Set<string>();
  #fence = 0;
  #sending: Promise<void> | undefined;

  constructor(race: RaceInHand, options: CallSenderOptions) {
    this.#race = race;
    this.#options = options;
  }

  /** Sends what is accepted, one round at a time; call it often. */
  tick(): void {
    const { core, fence } = this.#race;
    if (this.#sending || !core.state || fence === 0) return;
    if (fence !== this.#fence) this.#told.clear();
    this.#fence = fence;
    const due = callsToSend(core.state).filter((call) => !this.#told.has(keyOf(call)));
    if (due.length === 0) return;
    this.#sending = this.#round(core.state, due).finally(() => {
      this.#sending = undefined;
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#sending;
  }

  async #round(state: RaceState, due: readonly CallState[]): Promise<void> {
    const { iotData, voice, log } = this.#options;
    for (const call of due) {
      // Taken back, or overtaken by events, while another one was sent.
      if (call.status !== 'accepted') continue;
      if (!this.#race.seat?.lease.held() || !(await publishCall(iotData, state, call, log))) return;
      const { callId, revision } = call.call;
      const { atMs } = call.history[call.history.length - 1];
      this.sent++;
      this.#told.add(keyOf(call));
      // A replay must find the same time of sending, whenever it was: that of the acceptance.
      if (!(await voice.say({ kind: 'callSent', eventTimeMs: atMs, callId, revision }))) this.#told.delete(keyOf(call));
    }
  }
}

function keyOf({ call: { callId, revision } }: CallState): string {
  return `${callId}#${revision}`;
}
