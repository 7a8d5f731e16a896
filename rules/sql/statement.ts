import type { Statement } from './ast.js';
import { evaluationError } from './errors.js';
import type { Evaluation } from './evaluation.js';
import { compileExpression } from './expressions.js';
import { writeJson } from './json.js';
import { parseStatement } from './parser.js';
import { compileProjection, isBareAll } from './projection.js';
import type { CompileContext, Compiled, Scope } from './scope.js';
import type { Value } from './values.js';

/** iot-sql, SET: each value and their sum, as minified JSON. */
const MAX_VARIABLES_BYTES = 128 * 1024;

/** What a statement makes of a message. */
export type Outcome =
  /** WHERE is not true: no action runs. `undefined` = it was Undefined, which is worth a look. */
  | { kind: 'filtered'; undefined: boolean }
  /** `SELECT *` alone: the published bytes, whatever they are. */
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'value'; value: Value };

/** A statement, compiled once, run for every message that its filter matches. */
export interface CompiledStatement {
  filter: string | undefined;
  /** Names of SET's variables, for templates. */
  variables: string[];
  /** Values of SET's variables for a message. */
  scope(evaluation: Evaluation): Scope;
  /** @throws PitwallError `PW-RULE-EVALUATION`: the rule ends without actions. */
  run(scope: Scope): Outcome;
}

/**
 * Compiles a statement of AWS IoT SQL (version 2016-03-23).
 *
 * @example
 * const statement = compileStatement("SELECT lap, topic(3) AS thing FROM 'pitwall/v1/+/events' WHERE type = 'lap'");
 * const outcome = statement.run(statement.scope(new Evaluation(message, { random })));
 * @throws SqlError `PW-RULE-SYNTAX`, `PW-RULE-FROM`, `PW-RULE-FUNCTION`, `PW-RULE-UNSERVED`, with the position
 */
export function compileStatement(sql: string): CompiledStatement {
  const statement = parseStatement(sql);
  const context = { text: sql, variables: [] as string[] };
  const variables = statement.variables.map(({ name, value }) => {
    const compiled = compileExpression(value, context);
    context.variables.push(name);
    return compiled;
  });
  const where = statement.where && compileExpression(statement.where, context);
  const select = compileSelect(statement, context);
  return {
    filter: statement.filter,
    variables: context.variables,
    scope: (evaluation) => scopeOf(evaluation, variables),
    run: (scope) => {
      if (where !== undefined) {
        const truth = where(scope);
        if (truth !== true) return { kind: 'filtered', undefined: truth === undefined };
      }
      return select(scope);
    },
  };
}

function compileSelect({ projection }: Statement, context: CompileContext): (scope: Scope) => Outcome {
  if (isBareAll(projection)) {
    return (scope) => ({ kind: 'bytes', bytes: scope.evaluation.message.payload });
  }
  const project = compileProjection(projection, context, compileExpression);
  const wantsWhole = projection.kind === 'items' && projection.items.some((item) => item.kind === 'all');
  return (scope) => ({
    kind: 'value',
    value: project(scope, wantsWhole ? scope.evaluation.document() : undefined),
  });
}

function scopeOf(evaluation: Evaluation, variables: Compiled[]): Scope {
  const scope: Scope = { evaluation, variables: [] };
  let bytes = 0;
  for (const variable of variables) {
    const value = variable(scope);
    bytes += value === undefined ? 0 : Buffer.byteLength(writeJson(value));
    if (bytes > MAX_VARIABLES_BYTES)
      throw evaluationError(`SET's variables hold more than ${MAX_VARIABLES_BYTES} bytes.`);
    scope.variables.push(value);
  }
  return scope;
}
