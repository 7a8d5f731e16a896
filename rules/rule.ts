import { PitwallError } from '#wire/errors.js';
import type { Action, ActionContext } from './actions/action.js';
import type { RuleAction, RuleDefinition } from './catalog.js';
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
  retried: number;
  /** Messages that the error action made durable, and those that it could not. */
  errorActions: number;
  errorActionsLost: number;
}

/** A rule, compiled. */
export interface CompiledRule {
  definition: RuleDefinition;
  statement: CompiledStatement;
  actions: Action[];
  /** Object key of the error action. */
  errorKey: CompiledTemplate;
  counters: RuleCounters;
}

/** AWS IoT: CreateTopicRule and the quotas page. */
const RULE_NAME = /^[a-zA-Z0-9_]{1,128}$/;
const MAX_ACTIONS = 10;

/**
 * Compiles a rule; `action` makes one of its actions.
 *
 * @throws PitwallError `PW-RULE-…`, naming the rule
 */
export function compileRule(
  definition: RuleDefinition,
  action: (action: RuleAction, context: ActionContext) => Action,
): CompiledRule {
  checkDefinition(definition);
  try {
    const statement = compileStatement(definition.sql);
    const template = (text: string) => compileTemplate(text, statement.variables);
    return {
      definition,
      statement,
      actions: definition.actions.map((item) => action(item, { template })),
      errorKey: template(definition.errorAction.s3.key),
      counters: {
        matched: 0,
        filtered: 0,
        undefined: 0,
        failed: 0,
        sent: 0,
        retried: 0,
        errorActions: 0,
        errorActionsLost: 0,
      },
    };
  } catch (error) {
    if (!(error instanceof PitwallError)) throw error;
    const { code, message, fix } = error;
    throw new PitwallError(code, { what: `Rule ${definition.name}: ${message}`, fix, cause: error });
  }
}

function checkDefinition({ name, actions }: RuleDefinition): void {
  const refuse = (what: string) => new PitwallError('PW-RULE-DEFINITION', { what });
  if (!RULE_NAME.test(name)) throw refuse(`'${name}' is no rule name: 1 to 128 letters, digits and '_'.`);
  if (actions.length === 0) throw refuse(`Rule ${name} has no action.`);
  if (actions.length > MAX_ACTIONS) throw refuse(`Rule ${name} has ${actions.length} actions; at most ${MAX_ACTIONS}.`);
}
