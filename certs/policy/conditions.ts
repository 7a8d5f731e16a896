import type { Variables } from './context.js';
import type { Condition } from './document.js';
import { resolve } from './template.js';

/**
 * Whether a condition holds. Several values of the policy: one must compare (none, for a negated operator). Several values
 * of the connection: as the qualifier says; without one, one must hold (all, for a negated operator). A key that is not
 * there: false, but true for negated operators, `IfExists` and ForAllValues.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_multi-value-conditions.html
 */
export function conditionHolds(condition: Condition, variables: Variables): boolean {
  const { operator, qualifier, key } = condition;
  const actual = (key && variables.valuesOf(key)) ?? [];
  const isThere = actual.length > 0;
  if (condition.asksForNull) return condition.values.some(({ text }) => text.toLowerCase() === String(!isThere));
  if (!isThere) return condition.ifExists || qualifier === 'all' || (qualifier !== 'any' && operator.negated);

  const resolved = condition.values.map((value) => resolve(value, (each) => variables.textOf(each)));
  // A variable without a value equals nothing, and differs from nothing either.
  if (operator.negated && resolved.includes(undefined)) return false;
  // A variable's value may be one that the operator cannot compare with; literal ones were refused when parsed.
  const comparisons = resolved.flatMap((tokens) => (tokens && operator.compile(tokens)) ?? []);
  const holds = (value: string) => comparisons.some((matches) => matches(value)) !== operator.negated;
  const all = qualifier === 'all' || (qualifier === undefined && operator.negated);
  return all ? actual.every(holds) : actual.some(holds);
}
