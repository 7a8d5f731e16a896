/** Why a rule did what it did: the value of each clause of its statement, for people (`rules tap`, `rules test`). */
import type { Expression } from './sql/ast.js';
import { compileExpression } from './sql/expressions.js';
import { writeJson } from './sql/json.js';
import { parseStatement } from './sql/parser.js';
import { printExpression, printItem } from './sql/print.js';
import type { CompileContext, Compiled, Scope } from './sql/scope.js';
import type { Value } from './sql/values.js';
import type { SqlVersion } from './sql/versions.js';
import { Work } from './sql/work.js';

/** One clause and what it came to. Undefined is `{"undefined": true}`, as everywhere in pitwall's interfaces. */
export interface ClauseValue {
  clause: 'SET' | 'WHERE' | 'SELECT';
  text: string;
  value: unknown;
}

export type Explain = (scope: Scope) => ClauseValue[];

interface Clause {
  clause: ClauseValue['clause'];
  text: string;
  value: Compiled;
}

/** Longest value that is shown whole. */
const SHOWN_CHARACTERS = 2_000;

/**
 * Compiles a statement's clauses one by one: each variable, WHERE and the conditions that its AND and OR join, each item.
 * What draws chance or looks something up gives another value than the rule itself had.
 *
 * @example explainStatement("SELECT lap FROM 'a' WHERE lap > 3 AND type = 'lap'", '2016-03-23')(scope)
 * // [{clause: 'WHERE', text: "(lap > 3) AND (type = 'lap')", value: false}, {clause: 'WHERE', text: 'lap > 3', …}, …]
 * @throws SqlError as `compileStatement`
 */
export function explainStatement(sql: string, version: SqlVersion): Explain {
  const statement = parseStatement(sql, version);
  const variables = statement.variables.map(({ name }) => name);
  const context: CompileContext = {
    text: sql,
    variables,
    version,
    place: 'statement',
    lookups: new Set(),
    protoDecodes: 0,
  };
  const clause = (kind: Clause['clause'], expression: Expression, text = printExpression(expression)): Clause => ({
    clause: kind,
    text,
    value: compileExpression(expression, context),
  });
  const clauses: Clause[] = [
    ...statement.variables.map(({ name, value }, i): Clause => {
      return { clause: 'SET', text: `${name} = ${printExpression(value)}`, value: (scope) => scope.variables[i] };
    }),
    ...conditionsOf(statement.where).map((condition) => clause('WHERE', condition)),
  ];
  const { projection } = statement;
  if (projection.kind === 'value') clauses.push(clause('SELECT', projection.value));
  else {
    for (const item of projection.items) {
      if (item.kind === 'expression') clauses.push(clause('SELECT', item.value, printItem(item)));
    }
  }
  return (evaluated) => {
    const scope = forShow(evaluated);
    return clauses.map(({ clause: kind, text, value }) => ({ clause: kind, text, value: shown(value, scope) }));
  };
}

/** The same scope with a purse of its own: looking on must not use up what the rule's templates may still cost. */
export function forShow(scope: Scope): Scope {
  return { ...scope, work: new Work(scope.evaluation.environment.random) };
}

/** The whole, and what it is joined of. */
function conditionsOf(where: Expression | undefined): Expression[] {
  if (where === undefined) return [];
  const parts = partsOf(where);
  return parts.length === 1 ? parts : [where, ...parts];
}

function partsOf(expression: Expression): Expression[] {
  if (expression.kind === 'binary' && (expression.operator === 'AND' || expression.operator === 'OR')) {
    return [...partsOf(expression.left), ...partsOf(expression.right)];
  }
  return [expression];
}

function shown(value: Compiled, scope: Scope): unknown {
  try {
    return shownValue(value(scope));
  } catch (error) {
    return { error: whyNot(error) };
  }
}

/** What is thrown and is no error is a look-up that has no answer here (sql/journal.ts). */
function whyNot(error: unknown): string {
  return error instanceof Error ? error.message : 'looked up by the rule, and not asked again';
}

/** A value as JSON for people: bounded, Undefined told apart from Null. */
export function shownValue(value: Value): unknown {
  if (value === undefined) return { undefined: true };
  const text = writeJson(value);
  return text.length <= SHOWN_CHARACTERS ? JSON.parse(text) : `${text.slice(0, SHOWN_CHARACTERS)}… (${text.length})`;
}

/** A payload for people: JSON, text, or base64; bounded. */
export function shownPayload(payload: Uint8Array): unknown {
  const buffer = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const begins = buffer.subarray(0, SHOWN_CHARACTERS);
  const cut = buffer.length > SHOWN_CHARACTERS ? { bytes: buffer.length } : {};
  const text = buffer.toString('utf8');
  if (text.includes('\uFFFD')) return { base64: begins.toString('base64'), ...cut };
  try {
    if (buffer.length <= SHOWN_CHARACTERS) return JSON.parse(text);
  } catch {
    // Text, then.
  }
  return { text: begins.toString('utf8'), ...cut };
}
