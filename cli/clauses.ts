import type { ClauseValue } from '#rules/explain.js';

/** `WHERE lap > 3 → true`: a clause of a statement and what it came to, for people. */
export function textOfClause({ clause, text, value }: ClauseValue): string {
  return `${clause} ${text} → ${textOfShown(value)}`;
}

function textOfShown(value: unknown): string {
  const isMark = typeof value === 'object' && value !== null && Object.keys(value).length === 1;
  if (isMark && 'undefined' in value) return 'undefined';
  return isMark && 'error' in value ? `error: ${String(value.error)}` : JSON.stringify(value);
}
