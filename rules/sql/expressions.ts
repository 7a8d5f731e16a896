/** Expressions → closures, once per rule. The closures hold no state: the same message gives the same value. */
import { type CastType, type Expression, type Item, type Query, sizeOf } from './ast.js';
import { toBoolean, toInt, toNumeric, toText } from './conversions.js';
import { negate } from './decimal.js';
import { SqlError } from './errors.js';
import { findFunction } from './functions/index.js';
import { elementOf } from './functions/objects.js';
import { not, OPERATIONS } from './operators.js';
import { compileProjection } from './projection.js';
import type { CompileContext, Compiled, Scope } from './scope.js';
import { NESTED_UNDEFINED_IS_LEFT_OUT } from './unsettled.js';
import { isObject, member, setKey, type Value, type ValueObject } from './values.js';
import type { Work } from './work.js';

/**
 * @throws SqlError `PW-RULE-SYNTAX`, `PW-RULE-FUNCTION`, `PW-RULE-UNSERVED`
 */
export function compileExpression(expression: Expression, context: CompileContext): Compiled {
  switch (expression.kind) {
    case 'literal': {
      const { value } = expression;
      return () => value;
    }
    case 'field': {
      const { name } = expression;
      return (scope) => lookUp(scope, name);
    }
    case 'variable':
      return compileVariable(expression.name, expression.at, context);
    case 'member': {
      const of = compileExpression(expression.of, context);
      const { name } = expression;
      return (scope) => member(of(scope), name);
    }
    case 'element': {
      const of = compileExpression(expression.of, context);
      const index = compileExpression(expression.index, context);
      return (scope) => elementOf(of(scope), index(scope));
    }
    case 'payload':
      throw new SqlError('PW-RULE-SYNTAX', context.text, expression.at, "'*' is no argument of this function");
    case 'not': {
      const operand = compileExpression(expression.operand, context);
      return (scope) => not(operand(scope));
    }
    case 'negative': {
      const operand = compileExpression(expression.operand, context);
      return (scope) => {
        const value = toNumeric(operand(scope));
        return value === undefined ? undefined : negate(value);
      };
    }
    case 'binary': {
      const operate = OPERATIONS[expression.operator];
      const left = compileExpression(expression.left, context);
      const right = compileExpression(expression.right, context);
      return (scope) => operate(left(scope), right(scope), scope.work);
    }
    case 'call':
      return compileCall(expression.name, expression.at, expression.args, context);
    case 'cast': {
      const operand = compileExpression(expression.operand, context);
      const { type } = expression;
      return (scope) => cast(operand(scope), type, scope.work);
    }
    case 'case':
      return compileCase(expression, context);
    case 'array': {
      const items = expression.items.map((item) => compileExpression(item, context));
      return (scope) => items.map((item) => item(scope));
    }
    case 'object':
      return compileObject(expression.entries, context);
    case 'query':
      return compileQuery(expression.query, context);
    case 'exists': {
      const query = compileQuery(expression.query, context);
      return (scope) => {
        const result = query(scope);
        return Array.isArray(result) ? result.length > 0 : result !== undefined;
      };
    }
  }
}

/** A name: of the innermost element that has it, else of the message. */
function lookUp(scope: Scope, name: string): Value {
  const { element } = scope;
  if (element === undefined) return member(scope.evaluation.document(), name);
  if (element.alias === name) return element.value;
  if (isObject(element.value) && Object.hasOwn(element.value, name)) return element.value[name];
  return lookUp(element.outer, name);
}

function compileVariable(name: string, at: number, context: CompileContext): Compiled {
  const index = context.variables.indexOf(name);
  if (index < 0) {
    throw new SqlError('PW-RULE-SYNTAX', context.text, at, `${name} is not set`, `Add SET ${name} = … before SELECT.`);
  }
  return (scope) => scope.variables[index];
}

function compileCall(name: string, at: number, args: Expression[], context: CompileContext): Compiled {
  const definition = findFunction(name, at, context);
  if ('compile' in definition) return definition.compile(args, at, context, compileExpression);
  const { call } = definition;
  const compiled = args.map((arg) => compileExpression(arg, context));
  // A wrong number of arguments is no error but Undefined (iot-sql, "Data types").
  if (args.length < definition.arity[0] || args.length > definition.arity[1]) return () => undefined;
  if (compiled.length === 0) return (scope) => call([], scope);
  return (scope) => {
    const values: Value[] = [];
    for (const arg of compiled) values.push(arg(scope));
    return call(values, scope);
  };
}

function compileCase(expression: Extract<Expression, { kind: 'case' }>, context: CompileContext): Compiled {
  const subject = compileExpression(expression.subject, context);
  const branches = expression.branches.map(({ when, result }) => ({
    when: compileExpression(when, context),
    result: compileExpression(result, context),
  }));
  const otherwise = expression.otherwise && compileExpression(expression.otherwise, context);
  return (scope) => {
    const value = subject(scope);
    if (value === undefined) return undefined;
    for (const { when, result } of branches) {
      if (OPERATIONS['='](value, when(scope), scope.work) === true) return result(scope);
    }
    return otherwise?.(scope);
  };
}

function compileObject(entries: { key: string; value: Expression }[], context: CompileContext): Compiled {
  const compiled = entries.map(({ key, value }) => ({ key, value: compileExpression(value, context) }));
  return (scope) => {
    const object: ValueObject = {};
    for (const { key, value } of compiled) setKey(object, key, value(scope));
    return object;
  };
}

/** Array source: one result per element that passes; object source: one result; anything else Undefined. */
function compileQuery(query: Query, context: CompileContext): Compiled {
  const source = compileExpression(query.source, context);
  const where = query.where && compileExpression(query.where, context);
  const project = compileProjection(query.projection, context, compileExpression);
  const cost = costOfElement(query);
  return (scope) => {
    const { evaluation, variables, work } = scope;
    const passes = (inner: Scope): boolean => where === undefined || where(inner) === true;
    const innerOf = (value: Value): Scope => {
      work.spend(cost);
      return { evaluation, variables, work, element: { value, alias: query.alias, outer: scope } };
    };
    const from = source(scope);
    if (isObject(from)) {
      const inner = innerOf(from);
      return passes(inner) ? project(inner, from) : undefined;
    }
    if (!Array.isArray(from)) return undefined;
    const results: Value[] = [];
    for (const value of from) {
      const inner = innerOf(value);
      if (!passes(inner)) continue;
      const result = project(inner, value);
      if (result !== undefined || !NESTED_UNDEFINED_IS_LEFT_OUT) results.push(result ?? null);
    }
    return results;
  };
}

/** What one element costs: as much as there is to evaluate for it. Set-up and a scope are some eight expressions. */
function costOfElement({ projection, where }: Query): number {
  const values = projection.kind === 'value' ? [projection.value] : projection.items.map(valueOfItem);
  return [...values, where].reduce((cost, value) => cost + (value === undefined ? 0 : sizeOf(value)), 8);
}

function valueOfItem(item: Item): Expression | undefined {
  return item.kind === 'expression' ? item.value : undefined;
}

/** cast(x AS T): like the implicit conversions, and Boolean ↔ number. */
function cast(value: Value, type: CastType, work: Work): Value {
  switch (type) {
    case 'String':
      return toText(value, work);
    case 'Boolean': {
      const number = typeof value === 'string' ? undefined : toNumeric(value);
      return number === undefined ? toBoolean(value) : number !== 0;
    }
    case 'Int':
      return typeof value === 'boolean' ? Number(value) : toInt(value);
    case 'Decimal':
      return typeof value === 'boolean' ? Number(value) : toNumeric(value);
  }
}
