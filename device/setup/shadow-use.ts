import type { Unnamed } from './desired.js';
import type { JsonObject } from './json.js';

/** What a shadow is to the car. */
export interface ShadowUse<State extends object> {
  /** Name of the shadow: `setup`, `agent`, `campaign`. */
  name: string;
  unnamed: Unnamed;
  /** The state as the car takes it. Raises PW-SETUP-INVALID naming the field, what came and what was wanted. */
  check(state: JsonObject): State;
  /** Puts a checked state to the car. Throwing, or rejecting, refuses it; the message is the reason that is reported. */
  apply(state: State, version: number): void | Promise<void>;
  /** Told of each outcome of what the team wanted. */
  outcome?(version: number, refusal: string | undefined): void;
}

export interface ShadowStats {
  /** Whether the cloud's document says what the car has, as far as the car knows. */
  inStep: boolean;
  refused: boolean;
  conflicts: number;
  unanswered: number;
  heldBack: number;
}
