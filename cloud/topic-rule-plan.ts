/**
 * What it takes to make an endpoint's topic rules those of the catalog: seen first, done after. The same calls for AWS and
 * for the local control plane.
 */
import {
  type Action,
  CreateTopicRuleCommand,
  DeleteTopicRuleCommand,
  GetTopicRuleCommand,
  type IoTClient,
  ListTopicRulesCommand,
  ReplaceTopicRuleCommand,
  type TopicRule as StoredRule,
} from '@aws-sdk/client-iot';
import type { RuleDefinition } from '#rules/definition.js';
import { PitwallError } from '#wire/errors.js';
import { bucket } from './resources.js';
import { type TopicRule, targetNames, topicRuleOf } from './topic-rules.js';

/** One field that differs; undefined: it is not there. */
export interface FieldChange {
  path: string;
  from?: unknown;
  to?: unknown;
}

export type RuleChange =
  | { change: 'create'; name: string; rule: TopicRule }
  | { change: 'replace'; name: string; rule: TopicRule; fields: FieldChange[] }
  | { change: 'delete'; name: string; sql: string }
  | { change: 'none'; name: string };

export interface RulePlan {
  changes: RuleChange[];
  /** Rules at the endpoint that are not pitwall's: left alone. */
  foreign: string[];
}

export interface PlanOptions {
  region: string;
  /** What AWS IoT assumes for the actions. Absent: what the rule there has now; for a new one, what the others have. */
  roleArn?: string;
}

/** AWS allows more; a page is a call. */
const PAGE = 100;
/** Rules of an account: quota 1,000, raised for some. */
const PAGES_MAX = 100;

/**
 * Compares the rules at an endpoint with the wanted ones. Changes nothing. A rule is pitwall's, and so deleted when it is not
 * wanted any more, when its error action ends in pitwall's archive.
 *
 * @throws PitwallError `PW-CONFIG-ROLE` when a role or the account cannot be told
 */
export async function planRules(
  client: IoTClient,
  wanted: readonly RuleDefinition[],
  options: PlanOptions,
): Promise<RulePlan> {
  const found = await storedRules(client);
  const names = targetNames({ accountId: accountOf(found, options), region: options.region });
  const rules = new Map(found.map(({ rule }) => [rule.ruleName ?? '', rule]));
  const newRole = roleOfOthers(found.filter(({ rule }) => wanted.some(({ name }) => name === rule.ruleName)));
  const changes = wanted.map((definition): RuleChange => {
    const { name } = definition;
    const stored = rules.get(name);
    const roleArn = options.roleArn ?? (stored && roleOf(stored)) ?? newRole(name);
    if (roleArn === undefined) throw missingRole(`Nothing tells the role of the rule ${name}.`);
    const rule = topicRuleOf(definition, names, roleArn);
    if (stored === undefined) return { change: 'create', name, rule };
    const fields = differences(comparable(stored), comparable(rule));
    return fields.length === 0 ? { change: 'none', name } : { change: 'replace', name, rule, fields };
  });
  const foreign: string[] = [];
  for (const [name, rule] of rules) {
    if (wanted.some((definition) => definition.name === name)) continue;
    if (isOurs(rule)) changes.push({ change: 'delete', name, sql: rule.sql ?? '' });
    else foreign.push(name);
  }
  return { changes, foreign };
}

/** Does what a plan says, in its order, and tells each when it is done. Raises what the endpoint answers. */
export async function applyPlan(client: IoTClient, plan: RulePlan, done: (change: RuleChange) => void): Promise<void> {
  for (const change of plan.changes) {
    const { name: ruleName } = change;
    if (change.change === 'none') continue;
    if (change.change === 'delete') await client.send(new DeleteTopicRuleCommand({ ruleName }));
    else {
      const input = { ruleName, topicRulePayload: change.rule };
      if (change.change === 'create') await client.send(new CreateTopicRuleCommand(input));
      else await client.send(new ReplaceTopicRuleCommand(input));
    }
    done(change);
  }
}

interface Found {
  rule: StoredRule;
  ruleArn: string;
}

async function storedRules(client: IoTClient): Promise<Found[]> {
  const found: Found[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const listed = await client.send(new ListTopicRulesCommand({ maxResults: PAGE, nextToken }));
    for (const { ruleName } of listed.rules ?? []) {
      const { rule, ruleArn = '' } = await client.send(new GetTopicRuleCommand({ ruleName }));
      if (rule !== undefined) found.push({ rule, ruleArn });
    }
    nextToken = listed.nextToken;
    if (nextToken === undefined) break;
  }
  return found;
}

/** From any ARN at hand: `arn:aws:iot:region:account:rule/name`, `arn:aws:iam::account:role/name`. */
function accountOf(found: Found[], { roleArn }: PlanOptions): string {
  const account = (roleArn ?? found[0]?.ruleArn ?? '').split(':')[4];
  if (/^\d{12}$/.test(account ?? '')) return account;
  throw missingRole('No rule is there yet, so nothing tells the account.');
}

function roleOf({ actions = [], errorAction }: StoredRule): string | undefined {
  for (const action of errorAction === undefined ? actions : [...actions, errorAction]) {
    for (const spec of Object.values(action) as ({ roleArn?: string } | undefined)[]) {
      if (spec?.roleArn !== undefined) return spec.roleArn;
    }
  }
  return undefined;
}

/** The role that all of these rules have, or one named after each of them; undefined where they follow no such custom. */
function roleOfOthers(found: Found[]): (name: string) => string | undefined {
  const NAME = '*';
  const customs = new Set(found.map(({ rule }) => roleOf(rule)?.replace(rule.ruleName ?? NAME, NAME)));
  const [custom] = customs;
  return (name) => (customs.size === 1 ? custom?.replace(NAME, name) : undefined);
}

function missingRole(what: string): PitwallError {
  return new PitwallError('PW-CONFIG-ROLE', { what, fix: 'Give one with --role-arn, or deploy the stack first.' });
}

function isOurs({ errorAction }: StoredRule): boolean {
  return errorAction?.s3?.bucketName?.startsWith(`${bucket.namePrefix}-`) === true;
}

/** What a rule does. Whose role it takes is the deployment's affair: the stack makes one a rule. */
function comparable(rule: StoredRule | TopicRule): object {
  const { sql, awsIotSqlVersion, description, ruleDisabled, actions, errorAction } = rule;
  return {
    sql,
    awsIotSqlVersion,
    description: description ?? '',
    ruleDisabled: ruleDisabled ?? false,
    actions: (actions ?? []).map(withoutRole),
    errorAction: errorAction && withoutRole(errorAction),
  };
}

function withoutRole(action: Action): object {
  return JSON.parse(JSON.stringify(action, (key, value) => (key === 'roleArn' ? undefined : value))) as object;
}

/** Paths at which two documents differ, down to the values. */
function differences(from: unknown, to: unknown, path = ''): FieldChange[] {
  if (isRecord(from) && isRecord(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
    return keys.flatMap((key) => differences(from[key], to[key], path === '' ? key : `${path}.${key}`));
  }
  return from === to ? [] : [{ path, from, to }];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
