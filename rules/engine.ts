import { PitwallError } from '#wire/errors.js';
import type { Result } from './actions/action.js';
import type { KeptMessage } from './actions/outbox.js';
import { askAll } from './asking-template.js';
import { type AskedLookups, boundLookups, type LookupStats } from './bounded-lookups.js';
import type { RuleControl } from './control.js';
import type { RuleDefinition } from './definition.js';
import { RuleDelivery } from './delivery.js';
import { keptMessage } from './error-action.js';
import type { RuleIngress, RuleMessage } from './ingress.js';
import { DEFAULT_LIMITS, type EngineLimits, type EngineOptions } from './options.js';
import { actionsToReplay, messageOf, type ReplayOutcome } from './replay.js';
import { Room } from './room.js';
import { type CompiledRule, compileRule, type RuleNeeds, type RuleStats, statsOf } from './rule.js';
import { type Environment, Evaluation } from './sql/evaluation.js';
import { keepSlowAnswers, type LookupKind } from './sql/lookups.js';
import type { Scope } from './sql/scope.js';
import type { Evaluated } from './sql/statement.js';
import { RuleTap, type TapLimits, type TappedMessage } from './tap.js';
import { Targets } from './targets.js';
import { TopicTrie } from './topic-trie.js';

export type { RuleIngress, RuleMessage } from './ingress.js';
export { DEFAULT_LIMITS, type EngineLimits, type EngineOptions } from './options.js';

export interface EngineStats {
  rules: Record<string, RuleStats>;
  /** Actions not yet settled. */
  queued: number;
  /** Messages that wait for room. */
  waiting: number;
  /** Age of the oldest record that is not stored, wall time. */
  lagMs: number;
  /** Messages that no rule wanted. */
  unmatched: number;
  /** Basic Ingest to a rule that does not exist or is off. */
  ruleNotFound: number;
  /** Messages refused because too many were waiting. */
  refused: number;
  /** Look-ups, by kind. */
  lookups: Partial<Record<LookupKind, LookupStats>>;
}

/**
 * Runs the rules on every message: FROM, WHERE, SELECT, actions, error action. It never loses a message that it took: each
 * action ends as sent, or in the outbox, or is counted in `errorActionsLost`.
 *
 * @example
 * const engine = new RuleEngine({ catalog, senders: createSenders(clients, { streams, tables }), outbox, wallClock, random, log });
 * await engine.ingest({ topic: 'pitwall/v1/car-24/events', payload, clientId: 'car-24', principal, timestampMs });
 */
export class RuleEngine implements RuleIngress, RuleControl {
  readonly #options: EngineOptions;
  readonly #limits: EngineLimits;
  readonly #rules = new Map<string, CompiledRule>();
  readonly #needs: RuleNeeds;
  readonly #filters = new TopicTrie<CompiledRule>();
  readonly #byTopic = new Map<string, CompiledRule[]>();
  readonly #room: Room;
  readonly #targets: Targets;
  readonly #asked: AskedLookups;
  /** What statements read beside their message. */
  readonly #environment: Environment;
  /** Rules that somebody watches. */
  readonly #taps = new Map<CompiledRule, RuleTap>();
  #unmatched = 0;
  #ruleNotFound = 0;

  /** @throws PitwallError `PW-RULE-…` when a rule of the catalog cannot be served; nothing is skipped */
  constructor(options: EngineOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#room = new Room(this.#limits);
    const targets = new Targets(options, this.#limits);
    this.#targets = targets;
    const { random, accountId, wallClock } = options;
    this.#asked = boundLookups(options.lookups ?? {}, this.#limits.lookups);
    const lookups = keepSlowAnswers(this.#asked.lookups, wallClock);
    this.#environment = { random, accountId, lookups };
    this.#needs = { queue: (service, target) => targets.queue(service, target), lookups };
    for (const definition of options.catalog) {
      if (this.#rules.has(definition.name)) {
        throw new PitwallError('PW-RULE-DEFINITION', { what: 'Two rules of the catalog have the same name.' });
      }
      this.setRule(definition);
    }
  }

  /** The rules that run, as they were given. */
  get definitions(): RuleDefinition[] {
    return [...this.#rules.values()].map(({ definition }) => definition);
  }

  setRule(definition: RuleDefinition): void {
    const compiled = compileRule(definition, this.#needs);
    const before = this.#rules.get(definition.name);
    const rule = before ? { ...compiled, counters: before.counters, latency: before.latency } : compiled;
    this.removeRule(definition.name);
    this.#rules.set(definition.name, rule);
    const { filter } = rule.statement;
    if (definition.enabled && filter !== undefined) this.#filters.add(filter, rule);
    this.#byTopic.clear();
  }

  removeRule(name: string): boolean {
    const rule = this.#rules.get(name);
    if (rule === undefined) return false;
    this.#rules.delete(name);
    this.#taps.get(rule)?.close();
    if (rule.statement.filter !== undefined) this.#filters.remove(rule.statement.filter, rule);
    this.#byTopic.clear();
    return true;
  }

  ingest(message: RuleMessage): void | Promise<void> {
    return this.#room.enter(() => this.#run(message), message.hops !== undefined);
  }

  /**
   * Does again, on a message of the outbox, the actions that failed: each ends as sent or is named in the outcome; nothing
   * is put into the outbox again. Waits for room like `ingest`, and raises the same.
   */
  async replay(kept: KeptMessage): Promise<ReplayOutcome> {
    const rule = this.#rules.get(kept.message.ruleName);
    if (rule === undefined) return { kind: 'ruleGone' };
    let outcome: Promise<ReplayOutcome> | undefined;
    await this.#room.enter(() => {
      outcome = this.#replay(rule, kept);
    }, false);
    return outcome!;
  }

  stats(): EngineStats {
    return {
      rules: Object.fromEntries([...this.#rules].map(([name, rule]) => [name, statsOf(rule)])),
      queued: this.#room.pending,
      waiting: this.#room.waiting,
      lagMs: this.lagMs(),
      unmatched: this.#unmatched,
      ruleNotFound: this.#ruleNotFound,
      refused: this.#room.refused,
      lookups: this.#asked.stats(),
    };
  }

  /**
   * Watches a rule: what it makes of each message. Ends with `tap.close()`; a second tap on the same rule ends the first.
   *
   * @throws PitwallError `PW-RULE-NOT-FOUND`
   */
  tap(name: string, limits?: Partial<TapLimits>): RuleTap {
    const rule = this.#rules.get(name);
    if (rule === undefined) {
      const known = [...this.#rules.keys()].join(', ');
      throw new PitwallError('PW-RULE-NOT-FOUND', { what: `No rule '${name}' runs here.`, fix: `Known: ${known}.` });
    }
    this.#taps.get(rule)?.close();
    const tap = new RuleTap(rule, this.#options.wallClock, () => this.#taps.delete(rule), limits);
    this.#taps.set(rule, tap);
    return tap;
  }

  /** Age of the oldest record that is not stored, wall time: what slows the race clock. */
  lagMs(): number {
    const oldestMs = this.#targets.oldestMs();
    return oldestMs === undefined ? 0 : Math.max(0, this.#options.wallClock.nowMs() - oldestMs);
  }

  /** How full the queue is: 0 empty, 1 from where on publishers wait. */
  queueShare(): number {
    return this.#room.share();
  }

  /** Resolves when everything that was taken is settled. */
  flush(): Promise<void> {
    return this.#room.empty();
  }

  /**
   * Takes nothing more, and settles what it has: retries and look-ups for `closeMs`, then whatever is left goes to the
   * outbox, and a statement that waits for its turn to look something up ends.
   */
  async close(): Promise<void> {
    this.#room.close();
    const giveUp = setTimeout(() => {
      this.#asked.abandon();
      this.#targets.abandon();
    }, this.#limits.closeMs);
    await this.flush();
    clearTimeout(giveUp);
    for (const tap of this.#taps.values()) tap.close();
  }

  #run(message: RuleMessage): void {
    const rules = message.rule === undefined ? this.#rulesOf(message.topic) : this.#ruleNamed(message.rule);
    if (rules.length === 0) return;
    const takenMs = this.#options.wallClock.nowMs();
    const evaluation = new Evaluation(message, this.#environment);
    for (const rule of rules) this.#runRule(rule, evaluation, takenMs);
  }

  #ruleNamed(name: string): CompiledRule[] {
    const rule = this.#rules.get(name);
    if (rule?.definition.enabled) return [rule];
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

  #runRule(rule: CompiledRule, evaluation: Evaluation, takenMs: number): void {
    rule.counters.matched++;
    const seen = this.#taps.get(rule)?.begin(evaluation);
    const { length: actions } = rule.actions;
    // Held from here: a message whose statement waits for a look-up takes room as well.
    this.#hold(actions, evaluation);
    try {
      const evaluated = rule.statement.evaluate(evaluation);
      if (evaluated instanceof Promise) {
        evaluated.then(
          (result) => this.#act(rule, result, takenMs, seen),
          (error: unknown) => this.#ended(rule, evaluation, error, seen),
        );
      } else this.#act(rule, evaluated, takenMs, seen);
    } catch (error) {
      this.#ended(rule, evaluation, error, seen);
    }
  }

  /** A statement that fails ends its rule without actions, not even the error action; other rules go on (iot-sql §8). */
  #ended(rule: CompiledRule, evaluation: Evaluation, error: unknown, seen: TappedMessage | undefined): void {
    rule.counters.failed++;
    this.#warn(rule, 'a rule was ended by its statement', { error: String(error) });
    seen?.ended(String(error));
    this.#release(rule.actions.length, evaluation);
  }

  #act(rule: CompiledRule, { scope, outcome }: Evaluated, takenMs: number, seen: TappedMessage | undefined): void {
    const { counters, actions, asking } = rule;
    seen?.evaluated(scope, outcome);
    if (outcome.kind === 'filtered') {
      counters.filtered++;
      if (outcome.undefined) counters.undefined++;
      this.#release(actions.length, scope.evaluation);
      return;
    }
    if (asking.actions.length === 0) this.#deliver(rule, scope, outcome, takenMs, seen);
    else void askAll(asking.actions, scope).then(() => this.#deliver(rule, scope, outcome, takenMs, seen));
  }

  #deliver(rule: CompiledRule, scope: Scope, result: Result, takenMs: number, seen: TappedMessage | undefined): void {
    const { actions } = rule;
    const settled = (delivery: RuleDelivery) => {
      rule.latency.add(this.#options.wallClock.nowMs() - takenMs);
      void this.#conclude(delivery);
    };
    const delivery = new RuleDelivery(rule, scope, actions.length, settled, seen);
    for (const action of actions) delivery.run(action, result);
  }

  /** A message is through with all actions of a rule: what failed is kept before its room is given to another. */
  #conclude(delivery: RuleDelivery): void | Promise<void> {
    const { failures, actions, scope } = delivery;
    if (failures.length === 0) return this.#release(actions, scope.evaluation);
    return this.#errorAction(delivery).then(() => {
      this.#release(actions, scope.evaluation);
      this.#warn(delivery.rule, 'an action failed for good', failures[0]);
    });
  }

  async #errorAction({ rule, scope, failures }: RuleDelivery): Promise<void> {
    const { counters, definition } = rule;
    const { outbox, log } = this.#options;
    counters.failed++;
    if (rule.asking.errorKey.length > 0) await askAll(rule.asking.errorKey, scope);
    try {
      await outbox.put(keptMessage(rule, scope, failures));
      counters.errorActions++;
    } catch (error) {
      counters.errorActionsLost++;
      log.error('a message whose actions failed could not be kept', {
        rule: definition.name,
        error: String(error),
        lost: counters.errorActionsLost,
      });
    }
  }

  async #replay(rule: CompiledRule, kept: KeptMessage): Promise<ReplayOutcome> {
    const evaluation = new Evaluation(messageOf(kept), this.#environment);
    const actions = actionsToReplay(rule.actions, kept.message.failures);
    if (actions.length === 0) return { kind: 'ruleGone' };
    this.#hold(actions.length, evaluation);
    try {
      const { scope, outcome } = await rule.statement.evaluate(evaluation);
      if (outcome.kind === 'filtered') return { kind: 'filtered' };
      await askAll(rule.asking.actions, scope);
      const { failures } = await new Promise<RuleDelivery>((resolve) => {
        const delivery = new RuleDelivery(rule, scope, actions.length, resolve);
        for (const action of actions) delivery.run(action, outcome);
      });
      return failures.length === 0 ? { kind: 'sent' } : { kind: 'failed', errorMessage: failures[0].errorMessage };
    } catch (error) {
      return { kind: 'failed', errorMessage: String(error) };
    } finally {
      this.#release(actions.length, evaluation);
    }
  }

  #hold(actions: number, { message }: Evaluation): void {
    this.#room.hold(actions, message.payload.length);
  }

  #release(actions: number, { message }: Evaluation): void {
    this.#room.release(actions, message.payload.length);
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
