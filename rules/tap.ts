import type { Clock } from '#wire/clock.js';
import type { ActionName, Result } from './actions/action.js';
import type { DeliveryObserver } from './delivery.js';
import { type ClauseValue, type Explain, explainStatement, forShow, shownPayload, shownValue } from './explain.js';
import type { CompiledRule } from './rule.js';
import type { Evaluation } from './sql/evaluation.js';
import type { Scope } from './sql/scope.js';
import type { Outcome } from './sql/statement.js';

/** One action on one message, as it ended. */
export interface TappedAction {
  action: string;
  resource: string;
  /** Substitution templates as rendered for this message. */
  fields: Record<string, string>;
  outcome: 'sent' | 'failed';
  retries: number;
  errorMessage?: string;
}

/** What a rule made of one message that reached it. Told when the last action is settled. */
export interface TapEvent {
  seq: number;
  /** Wall time, epoch ms. */
  takenMs: number;
  topic: string;
  clientId: string;
  payload: unknown;
  /** `filtered`: WHERE was not true; `error`: the statement ended. Else WHERE let it through. */
  verdict: 'matched' | 'filtered' | 'error';
  errorMessage?: string;
  clauses: ClauseValue[];
  result?: unknown;
  actions: TappedAction[];
  /** From being taken to settled. */
  latencyMs: number;
}

export interface TapPage {
  events: TapEvent[];
  /** Messages that came too fast to be looked at, and events that were overwritten before they were read. */
  skipped: number;
  missed: number;
}

export interface TapLimits {
  /** Messages looked at; the others are counted. */
  perSecond: number;
  /** Events kept until they are read. */
  events: number;
}

const DEFAULT_TAP_LIMITS: TapLimits = { perSecond: 50, events: 500 };

/** Watches one rule within bounds: what it costs does not grow with the messages or with a reader who is slow. */
export class RuleTap {
  readonly #rule: CompiledRule;
  readonly #wall: Clock;
  readonly #onClose: () => void;
  readonly #limits: TapLimits;
  readonly #explain: Explain;
  #events: TapEvent[] = [];
  #seq = 0;
  #skipped = 0;
  #missed = 0;
  #second = 0;
  #inSecond = 0;
  #arrived: (() => void)[] = [];
  #closed = false;

  constructor(rule: CompiledRule, wall: Clock, onClose: () => void, limits: Partial<TapLimits> = {}) {
    this.#rule = rule;
    this.#wall = wall;
    this.#onClose = onClose;
    this.#limits = { ...DEFAULT_TAP_LIMITS, ...limits };
    this.#explain = explainStatement(rule.definition.sql, rule.definition.sqlVersion);
  }

  /** A message has reached the rule; nothing is returned for one too many. */
  begin(evaluation: Evaluation): TappedMessage | undefined {
    const nowMs = this.#wall.nowMs();
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    if (this.#closed || ++this.#inSecond > this.#limits.perSecond) {
      this.#skipped++;
      return undefined;
    }
    return new TappedMessage(this.#rule, evaluation, this.#explain, nowMs, (event) => this.#add(event));
  }

  /** Takes what has come; waits for the first up to a bound. Empty when nothing came or the tap is closed. */
  async read(waitMs: number): Promise<TapPage> {
    if (this.#events.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        this.#arrived.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    const page = { events: this.#events, skipped: this.#skipped, missed: this.#missed };
    this.#events = [];
    this.#skipped = 0;
    this.#missed = 0;
    return page;
  }

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose();
    this.#wake();
  }

  #add(event: Omit<TapEvent, 'seq' | 'latencyMs'>): void {
    const latencyMs = Math.round((this.#wall.nowMs() - event.takenMs) * 10) / 10;
    this.#events.push({ seq: ++this.#seq, ...event, latencyMs });
    if (this.#events.length > this.#limits.events) {
      this.#events.shift();
      this.#missed++;
    }
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#arrived.splice(0)) resolve();
  }
}

/** One message on its way through a tapped rule. */
export class TappedMessage implements DeliveryObserver {
  readonly #rule: CompiledRule;
  readonly #evaluation: Evaluation;
  readonly #explain: Explain;
  readonly #takenMs: number;
  readonly #done: (event: Omit<TapEvent, 'seq' | 'latencyMs'>) => void;
  #scope: Scope | undefined;
  #result: Result | undefined;
  readonly #actions: TappedAction[] = [];
  readonly #retries = new Map<ActionName, number>();

  constructor(
    rule: CompiledRule,
    evaluation: Evaluation,
    explain: Explain,
    takenMs: number,
    done: (event: Omit<TapEvent, 'seq' | 'latencyMs'>) => void,
  ) {
    this.#rule = rule;
    this.#evaluation = evaluation;
    this.#explain = explain;
    this.#takenMs = takenMs;
    this.#done = done;
  }

  /** The statement ended with an error. */
  ended(errorMessage: string): void {
    this.#tell('error', errorMessage);
  }

  evaluated(scope: Scope, outcome: Outcome): void {
    this.#scope = scope;
    if (outcome.kind === 'filtered') this.#tell('filtered');
    else this.#result = outcome;
  }

  sent(action: ActionName): void {
    this.#settled(action, { outcome: 'sent' });
  }

  failed(action: ActionName, errorMessage: string): void {
    this.#settled(action, { outcome: 'failed', errorMessage });
  }

  retried(action: ActionName): void {
    this.#retries.set(action, (this.#retries.get(action) ?? 0) + 1);
  }

  #settled(action: ActionName, ended: Pick<TappedAction, 'outcome' | 'errorMessage'>): void {
    const { name, resource } = action;
    const retries = this.#retries.get(action) ?? 0;
    this.#actions.push({ action: name, resource, fields: this.#fieldsOf(action), retries, ...ended });
    if (this.#actions.length === this.#rule.actions.length) this.#tell('matched');
  }

  #fieldsOf(action: ActionName): Record<string, string> {
    const { fields = {} } = this.#rule.actions.find((candidate) => candidate === action) ?? {};
    const scope = this.#scope;
    return scope === undefined ? {} : renderFields(fields, forShow(scope));
  }

  #tell(verdict: TapEvent['verdict'], errorMessage?: string): void {
    const { topic, clientId, payload } = this.#evaluation.message;
    this.#done({
      takenMs: this.#takenMs,
      topic,
      clientId: clientId || 'n/a',
      payload: shownPayload(payload),
      verdict,
      ...(errorMessage !== undefined && { errorMessage }),
      clauses: this.#scope === undefined ? [] : this.#explain(this.#scope),
      ...(this.#result !== undefined && { result: shownResult(this.#result) }),
      actions: this.#actions,
    });
  }
}

function shownResult(result: Result): unknown {
  return result.kind === 'bytes' ? shownPayload(result.bytes) : shownValue(result.value);
}

/** Templates as text; one that fails says so, as its action does. */
function renderFields(
  fields: Readonly<Record<string, (scope: Scope) => string>>,
  scope: Scope,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([field, template]) => {
      try {
        return [field, template(scope)];
      } catch (error) {
        return [field, String(error)];
      }
    }),
  );
}
