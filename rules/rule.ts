import { PitwallError } from '#wire/errors.js';
import { type Action, type ActionContext, nowhere, type QueueOf } from './actions/action.js';
import { compileAction } from './actions/index.js';
import { AskingTemplate } from './asking-template.js';
import type { RuleDefinition } from './definition.js';
import { Latency, type LatencySummary } from './latency.js';
import type { LookupKind, Lookups } from './sql/lookups.js';
import { type CompiledStatement, compileStatement } from './sql/statement.js';
import { type CompiledTemplate, compileTemplate } from './template.js';

/** Of one rule since the engine started. Messages, except `sent` and `retried`, which count actions. */
export interface RuleCounters {
  /** Reached the rule: its filter matched, or Basic Ingest named it. */
  matched: number;
  /** WHERE was not true. */
  filtered: number;
  /** Those of `filtered` for which WHERE was Undefined: often a misspelt field. */
  undefined: number;
  /** The statement ended with an error, or an action failed for good. */
  failed: number;
  sent: number;
  /** Of `sent`, by resource. */
  sentTo: Record<string, number>;
  retried: number;
  /** Messages that the error action made durable, and those that it could not. */
  errorActions: number;
  errorActionsLost: number;
}

/** The counters, and how long messages took from being taken to their last action settled. Wall time. */
export interface RuleStats extends RuleCounters {
  enabled: boolean;
  latency: LatencySummary;
}

/** A rule, compiled. */
export interface CompiledRule {
  definition: RuleDefinition;
  statement: CompiledStatement;
  actions: Action[];
  /** Object key of the error action. */
  errorKey: CompiledTemplate;
  /** Templates that look something up, of the actions and of the error key: to be asked before these are rendered. */
  asking: { actions: readonly AskingTemplate[]; errorKey: readonly AskingTemplate[] };
  counters: RuleCounters;
  latency: Latency;
}

export function statsOf({ counters, latency, definition: { enabled } }: CompiledRule): RuleStats {
  return { enabled, ...counters, sentTo: { ...counters.sentTo }, latency: latency.summary() };
}

/** AWS IoT: CreateTopicRule and the quotas page. */
const RULE_NAME = /^[a-zA-Z0-9_]{1,128}$/;
const MAX_ACTIONS = 10;

/** What a rule is compiled against. */
export interface RuleNeeds {
  /** The queue towards one of its targets. */
  queue: QueueOf;
  lookups?: Lookups;
}

/** @throws PitwallError `PW-RULE-…`, naming the rule */
export function compileRule(definition: RuleDefinition, { queue, lookups = {} }: RuleNeeds): CompiledRule {
  checkDefinition(definition);
  try {
    const { sqlVersion: version } = definition;
    const statement = compileStatement(definition.sql, version);
    const wanted = new Set(statement.lookups);
    const templatesInto = (asking: AskingTemplate[]) => (text: string) => templateOf(text, statement, wanted, asking);
    const asking = { actions: [] as AskingTemplate[], errorKey: [] as AskingTemplate[] };
    const template = templatesInto(asking.actions);
    const context: ActionContext = { template, constant, queue: definition.enabled ? queue : nowhere };
    const actions = definition.actions.map((action) => compileAction(action, context));
    const errorKey = templatesInto(asking.errorKey)(definition.errorAction.s3.key);
    if (definition.enabled) checkLookups(wanted, lookups);
    return {
      definition,
      statement,
      actions,
      errorKey,
      asking,
      counters: {
        matched: 0,
        filtered: 0,
        undefined: 0,
        failed: 0,
        sent: 0,
        sentTo: {},
        retried: 0,
        errorActions: 0,
        errorActionsLost: 0,
      },
      latency: new Latency(),
    };
  } catch (error) {
    if (!(error instanceof PitwallError)) throw error;
    const { code, message, fix } = error;
    throw new PitwallError(code, { what: `Rule ${definition.name}: ${message}`, fix, cause: error });
  }
}

/** What a look-up is called by, and why there may be none. */
const LOOKUPS: Record<LookupKind, { called: string; fix: string }> = {
  dynamodb: { called: 'get_dynamodb', fix: 'Start the rules with a DynamoDB client.' },
  shadow: { called: 'get_thing_shadow', fix: 'Start the rules with a client of the IoT data plane.' },
  registry: { called: 'get_registry_data', fix: 'Start the rules with a client of the IoT control plane.' },
  lambda: { called: 'aws_lambda', fix: 'Name a module for the function in the setting lambda.' },
  secret: { called: 'get_secret', fix: 'Name a file of secrets in the setting secrets.' },
  model: {
    called: 'machinelearning_predict',
    fix: 'No model service is served here. Take the function out of the rule.',
  },
  descriptors: { called: "decode(…, 'proto')", fix: 'Start the rules with an S3 client.' },
};

function checkLookups(wanted: ReadonlySet<LookupKind>, given: Lookups): void {
  for (const kind of wanted) {
    if (given[kind] !== undefined) continue;
    const { called, fix } = LOOKUPS[kind];
    throw new PitwallError('PW-RULE-NO-SENDER', { what: `${called} has nothing to ask here.`, fix });
  }
}

/** Adds what the template looks up to `wanted`, and one that looks something up to `asking`. */
function templateOf(
  text: string,
  { variables, version }: CompiledStatement,
  wanted: Set<LookupKind>,
  asking: AskingTemplate[],
): CompiledTemplate {
  const lookups = new Set<LookupKind>();
  const template = compileTemplate(text, variables, { version, lookups });
  if (lookups.size === 0) return template;
  for (const kind of lookups) wanted.add(kind);
  const asked = new AskingTemplate(template);
  asking.push(asked);
  return asked.render;
}

function constant(field: string, text: string): string {
  if (!text.includes('${')) return text;
  throw new PitwallError('PW-RULE-UNSERVED', { what: `The field ${field} takes no template here: ${text}.` });
}

function checkDefinition({ name, actions }: RuleDefinition): void {
  const refuse = (what: string) => new PitwallError('PW-RULE-DEFINITION', { what });
  if (!RULE_NAME.test(name)) throw refuse(`'${name}' is no rule name: 1 to 128 letters, digits and '_'.`);
  if (actions.length === 0) throw refuse(`Rule ${name} has no action.`);
  if (actions.length > MAX_ACTIONS) throw refuse(`Rule ${name} has ${actions.length} actions; at most ${MAX_ACTIONS}.`);
}
