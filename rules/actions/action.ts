import type { Scope } from '../sql/scope.js';
import type { Outcome } from '../sql/statement.js';
import type { CompiledTemplate } from '../template.js';

/** A rule's result on its way to its actions: what WHERE let through. */
export type Result = Exclude<Outcome, { kind: 'filtered' }>;

/** One failed action, with the names of the error action's message (iot-sql §8). */
export interface ActionFailure {
  failedAction: string;
  failedResource: string;
  errorMessage: string;
}

/** Told what became of one action on one message: exactly one of the first two, once. */
export interface Delivery {
  sent(): void;
  failed(action: Pick<Action, 'name' | 'resource'>, errorMessage: string): void;
  retried(): void;
}

/** One action of one rule, compiled. */
export interface Action {
  /** `failedAction` and `failedResource` of its failures. */
  readonly name: string;
  readonly resource: string;
  run(result: Result, scope: Scope, delivery: Delivery): void;
}

/** What compiling an action's fields needs. */
export interface ActionContext {
  template(text: string): CompiledTemplate;
}

/** Any action receives at most this much (iot-sql §5). */
export const MAX_ACTION_BYTES = 128 * 1024;
