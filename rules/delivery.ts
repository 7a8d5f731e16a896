import type { Log } from '#wire/log.js';
import type { Action, ActionFailure, Delivery, Result } from './actions/action.js';
import type { ErrorMessage, ErrorSink } from './actions/outbox.js';
import type { CompiledRule } from './rule.js';
import type { Scope } from './sql/scope.js';

/** One message on its way through the actions of one rule, and into the error action if one of them fails. */
export class RuleDelivery implements Delivery {
  readonly rule: CompiledRule;
  readonly failures: ActionFailure[] = [];
  readonly #scope: Scope;
  readonly #needs: { outbox: ErrorSink; log: Log };
  readonly #settled: (delivery: RuleDelivery) => void;
  #open: number;

  constructor(
    rule: CompiledRule,
    scope: Scope,
    needs: { outbox: ErrorSink; log: Log },
    settled: (delivery: RuleDelivery) => void,
  ) {
    this.rule = rule;
    this.#scope = scope;
    this.#needs = needs;
    this.#settled = settled;
    this.#open = rule.actions.length;
  }

  get payloadBytes(): number {
    return this.#scope.evaluation.message.payload.length;
  }

  run(action: Action, result: Result): void {
    try {
      action.run(result, this.#scope, this);
    } catch (error) {
      // A template that fails fails its action alone.
      this.failed(action, String(error));
    }
  }

  sent(): void {
    this.rule.counters.sent++;
    this.#done();
  }

  retried(): void {
    this.rule.counters.retried++;
  }

  failed(action: Pick<Action, 'name' | 'resource'>, errorMessage: string): void {
    this.failures.push({ failedAction: action.name, failedResource: action.resource, errorMessage });
    this.#done();
  }

  #done(): void {
    if (--this.#open > 0) return;
    if (this.failures.length === 0) this.#settled(this);
    else void this.#errorAction();
  }

  async #errorAction(): Promise<void> {
    const { counters, definition } = this.rule;
    counters.failed++;
    try {
      await this.#keep();
      counters.errorActions++;
    } catch (error) {
      counters.errorActionsLost++;
      this.#needs.log.error('a message whose actions failed could not be kept', {
        rule: definition.name,
        error: String(error),
        lost: counters.errorActionsLost,
      });
    }
    this.#settled(this);
  }

  /** One message with all failures (iot-sql §8). */
  async #keep(): Promise<void> {
    await this.#needs.outbox.put(this.rule.errorKey(this.#scope), this.#errorMessage());
  }

  #errorMessage(): ErrorMessage {
    const { evaluation } = this.#scope;
    const { topic, clientId, payload } = evaluation.message;
    return {
      ruleName: this.rule.definition.name,
      topic,
      cloudwatchTraceId: evaluation.traceId(),
      clientId: clientId || 'n/a',
      base64OriginalPayload: Buffer.from(payload).toString('base64'),
      failures: this.failures,
    };
  }
}
