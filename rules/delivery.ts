import type { Action, ActionFailure, ActionName, Delivery, Result } from './actions/action.js';
import type { CompiledRule } from './rule.js';
import type { Scope } from './sql/scope.js';

/** Hears what becomes of each action; a tap. */
export interface DeliveryObserver {
  sent(action: ActionName): void;
  failed(action: ActionName, errorMessage: string): void;
  retried(action: ActionName): void;
}

/** One message on its way through the actions of one rule. Settled when each of them is sent or has failed for good. */
export class RuleDelivery implements Delivery {
  readonly rule: CompiledRule;
  readonly scope: Scope;
  readonly failures: ActionFailure[] = [];
  /** How many actions it runs. */
  readonly actions: number;
  readonly #settled: (delivery: RuleDelivery) => void;
  readonly #observer: DeliveryObserver | undefined;
  #open: number;

  constructor(
    rule: CompiledRule,
    scope: Scope,
    actions: number,
    settled: (delivery: RuleDelivery) => void,
    observer?: DeliveryObserver,
  ) {
    this.rule = rule;
    this.scope = scope;
    this.actions = actions;
    this.#settled = settled;
    this.#observer = observer;
    this.#open = actions;
  }

  run(action: Action, result: Result): void {
    try {
      action.run(result, this.scope, this);
    } catch (error) {
      // A template that fails fails its action alone.
      this.failed(action, String(error));
    }
  }

  sent(action: ActionName): void {
    const { counters } = this.rule;
    counters.sent++;
    counters.sentTo[action.resource] = (counters.sentTo[action.resource] ?? 0) + 1;
    this.#observer?.sent(action);
    this.#done();
  }

  retried(action: ActionName): void {
    this.rule.counters.retried++;
    this.#observer?.retried(action);
  }

  failed(action: ActionName, errorMessage: string): void {
    this.failures.push({ failedAction: action.name, failedResource: action.resource, errorMessage });
    this.#observer?.failed(action, errorMessage);
    this.#done();
  }

  #done(): void {
    if (--this.#open === 0) this.#settled(this);
  }
}
