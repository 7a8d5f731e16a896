import { PitwallError } from '#wire/errors.js';
import type { Action, ActionContext } from './actions/action.js';
import type { RuleAction, RuleDefinition } from './catalog.js';
import { RuleDelivery } from './delivery.js';
import type { RuleIngress, RuleMessage } from './ingress.js';
import { DEFAULT_LIMITS, type EngineLimits, type EngineOptions } from './options.js';
import { type CompiledRule, compileRule, type RuleCounters } from './rule.js';
import { Evaluation } from './sql/evaluation.js';
import type { Scope } from './sql/scope.js';
import type { Outcome } from './sql/statement.js';
import { Targets } from './targets.js';
import { TopicTrie } from './topic-trie.js';

export type { RuleIngress, RuleMessage } from './ingress.js';
export { DEFAULT_LIMITS, type EngineLimits, type EngineOptions } from './options.js';

export interface EngineStats {
  rules: Record<string, RuleCounters>;
  /** Actions not yet settled. */
  queued: number;
  /** Messages that wait for room. */
  waiting: number;
  /** Age of the oldest record that is not stored, wall time. */
  lagMs: number;
  /** Messages that no rule wanted. */
  unmatched: number;
  /** Basic Ingest to a rule that does not exist. */
  ruleNotFound: number;
  /** Messages refused because too many were waiting. */
  refused: number;
}

/**
 * Runs the rules on every message: FROM, WHERE, SELECT, actions, error action. It never loses a message that it took: each
 * action ends as sent, or in the outbox, or is counted in `errorActionsLost`.
 *
 * @example
 * const engine = new RuleEngine({ catalog, senders: createSenders(clients, { streams, tables }), outbox, wallClock, random, log });
 * await engine.ingest({ topic: 'pitwall/v1/car-24/events', payload, clientId: 'car-24', principal, timestampMs });
 */
export class RuleEngine implements RuleIngress {
  readonly #options: EngineOptions;
  readonly #limits: EngineLimits;
  readonly #rules: Map<string, CompiledRule>;
  readonly #filters = new TopicTrie<CompiledRule>();
  readonly #byTopic = new Map<string, CompiledRule[]>();
  readonly #targets: Targets;
  #pending = 0;
  #pendingBytes = 0;
  #waiting: { message: RuleMessage; resolve: () => void }[] = [];
  #idle: (() => void)[] = [];
  #closed = false;
  #unmatched = 0;
  #ruleNotFound = 0;
  #refused = 0;

  /** @throws PitwallError `PW-RULE-…` when a rule of the catalog cannot be served; nothing is skipped */
  constructor(options: EngineOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#targets = new Targets(options, this.#limits);
    const action = (spec: RuleAction, context: ActionContext): Action => this.#targets.action(spec, context);
    this.#rules = new Map(options.catalog.map((definition) => [definition.name, compileRule(definition, action)]));
    if (this.#rules.size < options.catalog.length) {
      throw new PitwallError('PW-RULE-DEFINITION', { what: 'Two rules of the catalog have the same name.' });
    }
    for (const rule of this.#rules.values()) {
      if (rule.statement.filter !== undefined) this.#filters.add(rule.statement.filter, rule);
    }
  }

  /** The rules that run, as they were given. */
  get definitions(): RuleDefinition[] {
    return [...this.#rules.values()].map(({ definition }) => definition);
  }

  ingest(message: RuleMessage): void | Promise<void> {
    if (this.#closed) {
      return Promise.reject(new PitwallError('PW-RULE-CLOSED', { what: 'The rules engine is closed.' }));
    }
    if (this.#waiting.length === 0 && this.#hasRoom()) {
      this.#run(message);
      return;
    }
    if (this.#waiting.length >= this.#limits.waitingMessages) {
      this.#refused++;
      const what = `${this.#waiting.length} messages already wait for room in the rules' queue.`;
      return Promise.reject(new PitwallError('PW-RULE-OVERLOAD', { what, retriable: true }));
    }
    return new Promise((resolve) => this.#waiting.push({ message, resolve }));
  }

  stats(): EngineStats {
    return {
      rules: Object.fromEntries([...this.#rules].map(([name, { counters }]) => [name, { ...counters }])),
      queued: this.#pending,
      waiting: this.#waiting.length,
      lagMs: this.lagMs(),
      unmatched: this.#unmatched,
      ruleNotFound: this.#ruleNotFound,
      refused: this.#refused,
    };
  }

  /** Age of the oldest record that is not stored, wall time: what slows the race clock. */
  lagMs(): number {
    const oldestMs = this.#targets.oldestMs();
    return oldestMs === undefined ? 0 : Math.max(0, this.#options.wallClock.nowMs() - oldestMs);
  }

  /** How full the queue is: 0 empty, 1 from where on publishers wait. */
  queueShare(): number {
    const { queueRecords, queueBytes } = this.#limits;
    return Math.min(1, Math.max(this.#pending / queueRecords, this.#pendingBytes / queueBytes));
  }

  /** Resolves when everything that was taken is settled. */
  async flush(): Promise<void> {
    if (this.#isIdle()) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Takes nothing more, and settles what it has: retries for `closeMs`, then whatever is left goes to the outbox. */
  async close(): Promise<void> {
    this.#closed = true;
    const giveUp = setTimeout(() => this.#targets.abandon(), this.#limits.closeMs);
    await this.flush();
    clearTimeout(giveUp);
  }

  #hasRoom(): boolean {
    return this.#pending < this.#limits.queueRecords && this.#pendingBytes < this.#limits.queueBytes;
  }

  #isIdle(): boolean {
    return this.#pending === 0 && this.#waiting.length === 0;
  }

  #run(message: RuleMessage): void {
    const rules = message.rule === undefined ? this.#rulesOf(message.topic) : this.#ruleNamed(message.rule);
    const evaluation = new Evaluation(message, this.#options);
    for (const rule of rules) this.#runRule(rule, evaluation);
  }

  #ruleNamed(name: string): CompiledRule[] {
    const rule = this.#rules.get(name);
    if (rule !== undefined) return [rule];
    this.#ruleNotFound++;
    if (isMilestone(this.#ruleNotFound)) {
      this.#options.log.warn('basic ingest to a rule that does not exist', { rule: name, count: this.#ruleNotFound });
    }
    return [];
  }

  #rulesOf(topic: string): CompiledRule[] {
    let rules = this.#byTopic.get(topic);
    if (rules === undefined) {
      rules = this.#filters.match(topic);
      if (this.#byTopic.size >= this.#limits.cachedTopics) this.#byTopic.delete(this.#byTopic.keys().next().value!);
      this.#byTopic.set(topic, rules);
    }
    if (rules.length === 0) this.#unmatched++;
    return rules;
  }

  #runRule(rule: CompiledRule, evaluation: Evaluation): void {
    const { counters, statement, actions } = rule;
    counters.matched++;
    let scope: Scope;
    let outcome: Outcome;
    try {
      scope = statement.scope(evaluation);
      outcome = statement.run(scope);
    } catch (error) {
      // A statement that fails ends its rule without actions, not even the error action; other rules go on (iot-sql §8).
      counters.failed++;
      this.#warn(rule, 'a rule was ended by its statement', { error: String(error) });
      return;
    }
    if (outcome.kind === 'filtered') {
      counters.filtered++;
      if (outcome.undefined) counters.undefined++;
      return;
    }
    this.#pending += actions.length;
    this.#pendingBytes += evaluation.message.payload.length;
    const delivery = new RuleDelivery(rule, scope, this.#options, (settled) => this.#release(settled));
    for (const action of actions) delivery.run(action, outcome);
  }

  /** A message is through with all actions of a rule. */
  #release(delivery: RuleDelivery): void {
    this.#pending -= delivery.rule.actions.length;
    this.#pendingBytes -= delivery.payloadBytes;
    if (delivery.failures.length > 0) this.#warn(delivery.rule, 'an action failed for good', delivery.failures[0]);
    while (this.#waiting.length > 0 && this.#hasRoom()) {
      const { message, resolve } = this.#waiting.shift()!;
      this.#run(message);
      resolve();
    }
    if (this.#isIdle()) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #warn({ definition, counters }: CompiledRule, message: string, fields: object): void {
    if (isMilestone(counters.failed)) {
      this.#options.log.warn(message, { rule: definition.name, failed: counters.failed, ...fields });
    }
  }
}

/** 1, 2, 4, 8, …: a failing service is told of at once and does not fill the log. */
function isMilestone(count: number): boolean {
  return (count & (count - 1)) === 0;
}
