import type { Statement } from './ast.js';
import { toBoolean } from './conversions.js';
import { evaluationError, limitError } from './errors.js';
import type { Evaluation } from './evaluation.js';
import { compileExpression } from './expressions.js';
import { settle } from './journal.js';
import { writeJson } from './json.js';
import type { LookupKind } from './lookups.js';
import { parseStatement } from './parser.js';
import { compileProjection, isBareAll } from './projection.js';
import type { CompileContext, Compiled, Scope } from './scope.js';
import { WHERE_CONVERTS_TEXT } from './unsettled.js';
import type { Value } from './values.js';
import { LATEST_VERSION, type SqlVersion } from './versions.js';
import { Work } from './work.js';

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
  version: SqlVersion;
  /** Names of SET's variables, for templates. */
  variables: string[];
  /** What it looks up. Empty for almost every rule: such a one is evaluated at once. */
  lookups: ReadonlySet<LookupKind>;
  /**
   * WHERE, SELECT, and the scope that templates are rendered in. A promise only while a look-up is waited for.
   *
   * @throws PitwallError `PW-RULE-EVALUATION`, `PW-RULE-LIMIT` (or rejects with it): the rule ends without actions
   */
  evaluate(evaluation: Evaluation): Evaluated | Promise<Evaluated>;
  /** The two steps of `evaluate`, for a statement without look-ups: SET, then WHERE and SELECT. */
  scope(evaluation: Evaluation): Scope;
  run(scope: Scope): Outcome;
}

export interface Evaluated {
  scope: Scope;
  outcome: Outcome;
}

/**
 * Compiles a statement of AWS IoT SQL.
 *
 * @example
 * const statement = compileStatement("SELECT lap, topic(3) AS thing FROM 'pitwall/v1/+/events' WHERE type = 'lap'");
 * const { outcome } = await statement.evaluate(new Evaluation(message, { random }));
 * @throws SqlError `PW-RULE-SYNTAX`, `PW-RULE-FROM`, `PW-RULE-FUNCTION`, `PW-RULE-VERSION`, `PW-RULE-UNSERVED`, with the
 * position
 */
export function compileStatement(sql: string, version: SqlVersion = LATEST_VERSION): CompiledStatement {
  const statement = parseStatement(sql, version);
  const names: string[] = [];
  const lookups = new Set<LookupKind>();
  const context: CompileContext = {
    text: sql,
    variables: names,
    version,
    place: 'statement',
    lookups,
    protoDecodes: 0,
  };
  const variables = statement.variables.map(({ name, value }) => {
    const compiled = compileExpression(value, context);
    names.push(name);
    return compiled;
  });
  const where = statement.where && compileExpression(statement.where, context);
  const select = compileSelect(statement, context);
  const scope = (evaluation: Evaluation) => scopeOf(evaluation, variables, new Work(evaluation.environment.random));
  const run = (scope: Scope): Outcome => {
    if (where !== undefined) {
      const truth = where(scope);
      if (!passes(truth)) return { kind: 'filtered', undefined: truth === undefined };
    }
    return select(scope);
  };
  const evaluateNow = (scope: Scope): Evaluated => ({ scope, outcome: run(scope) });
  return {
    filter: statement.filter,
    version,
    variables: names,
    lookups,
    scope,
    run,
    evaluate: (evaluation) =>
      lookups.size === 0
        ? evaluateNow(scope(evaluation))
        : settle((journal) =>
            evaluateNow(scopeOf(evaluation, variables, new Work(evaluation.environment.random, journal))),
          ),
  };
}

function passes(truth: Value): boolean {
  return WHERE_CONVERTS_TEXT ? toBoolean(truth) === true : truth === true;
}

function compileSelect({ projection }: Statement, context: CompileContext): (scope: Scope) => Outcome {
  if (isBareAll(projection)) {
    return (scope) => ({ kind: 'bytes', bytes: scope.evaluation.message.payload });
  }
  const project = compileProjection(projection, context, compileExpression);
  const wantsWhole = projection.kind === 'items' && projection.items.some((item) => item.kind === 'all');
  const { version } = context;
  return (scope) => {
    const value = project(scope, wantsWhole ? scope.evaluation.document() : undefined);
    if (version !== LATEST_VERSION && Array.isArray(value)) {
      throw evaluationError(`An array as the whole result came with SQL version ${LATEST_VERSION}.`);
    }
    return { kind: 'value', value };
  };
}

function scopeOf(evaluation: Evaluation, variables: Compiled[], work: Work): Scope {
  const scope: Scope = { evaluation, variables: [], work };
  let bytes = 0;
  for (const variable of variables) {
    const value = variable(scope);
    bytes += value === undefined ? 0 : Buffer.byteLength(writeJson(value));
    if (bytes > MAX_VARIABLES_BYTES) throw limitError(`SET's variables hold more than ${MAX_VARIABLES_BYTES} bytes.`);
    scope.variables.push(value);
  }
  return scope;
}
