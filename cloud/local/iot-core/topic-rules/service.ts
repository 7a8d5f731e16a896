import { createHash } from 'node:crypto';
import type { Action } from '@aws-sdk/client-iot';
import type { RuleControl } from '#rules/control.js';
import type { RuleDefinition } from '#rules/definition.js';
import { compileStatement } from '#rules/sql/statement.js';
import { PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import { topicRuleOf } from '../../../topic-rules.js';
import { arnOf } from '../registry/arns.js';
import { alreadyExists, invalidRequest, limitExceeded, sqlParse, unauthorized } from '../registry/errors.js';
import { checkName } from '../registry/names.js';
import type { ApiAction, TopicRuleRecord } from '../registry/records.js';
import type { RegistryState } from '../registry/state.js';
import type { TopicRuleDestinations } from './destinations.js';
import { definitionOf, type TopicRulePayload } from './payload.js';
import { keysOf, namesOf, type RuleTargets } from './targets.js';

export interface TopicRulesOptions {
  state: RegistryState;
  rules: RuleControl;
  targets: RuleTargets;
  destinations: TopicRuleDestinations;
  log: Log;
}

/**
 * Topic rules: kept in the registry, run by the rules engine. The rules that the engine started with are the product's: they
 * are provisioned at each start, as tables are; what a person has made of one stays until the product changes it.
 */
export class TopicRules {
  readonly #options: TopicRulesOptions;

  private constructor(options: TopicRulesOptions) {
    this.#options = options;
  }

  static async open(options: TopicRulesOptions): Promise<TopicRules> {
    const topicRules = new TopicRules(options);
    await topicRules.#provision();
    return topicRules;
  }

  /** Raises AwsError: InvalidRequest, ResourceAlreadyExists, SqlParse, LimitExceeded. */
  async create(name: string, payload: TopicRulePayload): Promise<void> {
    const { rules, context } = this.#options.state;
    checkName('ruleName', name);
    if (rules.has(name)) throw alreadyExists(`Rule ${name}`, name, arnOf(context.account, 'rule', name));
    if (rules.size >= context.limits.rules) throw limitExceeded(`There are ${rules.size} rules already.`);
    await this.#set(name, { ...recordOf(payload), createdMs: this.#options.state.nowMs });
  }

  async replace(name: string, payload: TopicRulePayload): Promise<void> {
    const { createdMs, productHash } = this.get(name);
    await this.#set(name, { ...recordOf(payload), createdMs, productHash });
  }

  /** A rule that is not there and one that is not yours are the same to AWS: UnauthorizedException. */
  get(name: string): TopicRuleRecord {
    const rule = this.#options.state.rules.get(checkName('ruleName', name));
    if (!rule) throw unauthorized(`Access to topic rule '${name}' was denied`);
    return rule;
  }

  async setDisabled(name: string, disabled: boolean): Promise<void> {
    await this.#set(name, { ...this.get(name), disabled });
  }

  async delete(name: string): Promise<void> {
    this.get(name);
    const { state, rules } = this.#options;
    state.rules.remove(name);
    rules.removeRule(name);
    await state.commit();
  }

  async #set(name: string, record: TopicRuleRecord): Promise<void> {
    const { state, destinations } = this.#options;
    const definition = this.#run(name, record);
    state.rules.put(name, record);
    await state.commit();
    for (const url of confirmationUrlsOf(definition)) await destinations.want(url);
  }

  /** The engine runs it from now on, or it is refused and the one before runs on. */
  #run(name: string, record: TopicRuleRecord): RuleDefinition {
    const { rules, targets } = this.#options;
    const payload = payloadOf(record);
    try {
      compileStatement(payload.sql, payload.awsIotSqlVersion);
    } catch (error) {
      throw error instanceof PitwallError ? sqlParse([error.message, error.fix].filter(Boolean).join('. ')) : error;
    }
    const definition = definitionOf(name, payload, keysOf(targets));
    try {
      rules.setRule(definition);
    } catch (error) {
      throw error instanceof PitwallError ? invalidRequest(`${error.message} ${error.fix}`.trim()) : error;
    }
    return definition;
  }

  async #provision(): Promise<void> {
    const { state, rules, log } = this.#options;
    for (const definition of rules.definitions) this.#provisionProduct(definition);
    for (const [name, record] of state.rules.entries()) {
      try {
        this.#run(name, record);
      } catch (error) {
        // It was accepted by another version of the program; the others must run.
        log.error('A topic rule cannot run any more.', { rule: name, why: (error as Error).message });
      }
    }
    await state.commit();
  }

  #provisionProduct(definition: RuleDefinition): void {
    const { state, targets } = this.#options;
    const roleArn = `arn:aws:iam::${state.context.account.accountId}:role/pitwall-${definition.name}`;
    const rule = topicRuleOf(definition, namesOf(targets), roleArn);
    const productHash = createHash('sha256').update(JSON.stringify(rule)).digest('hex');
    if (state.rules.get(definition.name)?.productHash === productHash) return;
    const { sql, description, ruleDisabled: disabled } = rule;
    state.rules.put(definition.name, {
      sql,
      description,
      sqlVersion: definition.sqlVersion,
      disabled,
      actions: rule.actions.map(plain),
      errorAction: plain(rule.errorAction),
      createdMs: state.nowMs,
      productHash,
    });
  }
}

/** Where the owners of the web services are asked that a rule POSTs to. */
function confirmationUrlsOf({ actions }: RuleDefinition): string[] {
  return actions.flatMap((action) => ('http' in action ? (action.http.confirmationUrl ?? action.http.url) : []));
}

/** As it travels. */
const plain = (action: Action): ApiAction => JSON.parse(JSON.stringify(action));

function recordOf(payload: TopicRulePayload): Omit<TopicRuleRecord, 'createdMs'> {
  const { awsIotSqlVersion: sqlVersion, ruleDisabled: disabled, ...rest } = payload;
  return { ...rest, sqlVersion, disabled };
}

/** A kept rule as it would be created. */
export function payloadOf(record: TopicRuleRecord): TopicRulePayload {
  const { sql, description, actions, errorAction, sqlVersion, disabled } = record;
  return {
    sql,
    description,
    actions: [...actions],
    errorAction,
    awsIotSqlVersion: sqlVersion,
    ruleDisabled: disabled,
  };
}
