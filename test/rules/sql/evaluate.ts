import { Evaluation, type MessageContext } from '#rules/sql/evaluation.js';
import type { Lookups } from '#rules/sql/lookups.js';
import type { Scope } from '#rules/sql/scope.js';
import { compileStatement, type Outcome } from '#rules/sql/statement.js';
import type { Value } from '#rules/sql/values.js';
import { seededRandom } from '#wire/random.js';

export interface Given {
  payload?: unknown;
  message?: Partial<MessageContext>;
  lookups?: Lookups;
  accountId?: string;
}

function evaluationOf({ payload = {}, message, lookups, accountId }: Given): Evaluation {
  const bytes = payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload));
  const context = { topic: 'a/b/c', payload: bytes, timestampMs: 1_763_683_200_123, clientId: 'car-1', ...message };
  return new Evaluation(context, { random: seededRandom(1), accountId, lookups });
}

/** What a statement makes of a message. */
export async function outcomeOf(sql: string, given: Given = {}): Promise<Outcome> {
  return (await compileStatement(sql).evaluate(evaluationOf(given))).outcome;
}

/** What a template is rendered in. */
export function scopeOf(given: Given): Scope {
  return compileStatement("SELECT * FROM 'a'").scope(evaluationOf(given));
}

/** Value of an expression; for those that look nothing up. */
export function evaluated(expression: string, given: Given = {}): Value {
  const statement = compileStatement(`SELECT VALUE ${expression} FROM 'a'`);
  const outcome = statement.run(statement.scope(evaluationOf(given)));
  return outcome.kind === 'value' ? outcome.value : undefined;
}

/** Value of an expression that looks something up. */
export async function lookedUp(expression: string, given: Given): Promise<Value> {
  const outcome = await outcomeOf(`SELECT VALUE ${expression} FROM 'a'`, given);
  return outcome.kind === 'value' ? outcome.value : undefined;
}
